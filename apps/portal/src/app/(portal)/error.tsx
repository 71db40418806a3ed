'use client';

import { ErrorState } from '#components/states.tsx';

export default function PortalError({ error, reset }: { error: Error; reset: () => void }) {
  return <ErrorState error={error} retry={reset} />;
}
