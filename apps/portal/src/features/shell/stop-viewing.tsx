'use client';

import { useMutation } from '@tanstack/react-query';
import { Button } from '#components/button.tsx';
import { toast } from '#components/toast.tsx';
import { errorText } from '#lib/error-text.ts';
import { useTRPC } from '#lib/trpc/client.tsx';
import { shell } from '#text/en/shell.ts';

/** Ends looking at the portal as a tenant. */
export function StopViewing() {
  const trpc = useTRPC();
  const stop = useMutation(
    trpc.session.endImpersonation.mutationOptions({
      onSuccess: () => window.location.assign('/admin/tenants'),
      onError: (error) => toast(errorText(error), { tone: 'danger' }),
    }),
  );
  return (
    <Button size="sm" pending={stop.isPending} onClick={() => stop.mutate()}>
      {shell.stopViewing}
    </Button>
  );
}
