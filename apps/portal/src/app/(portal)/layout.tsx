import { redirect } from 'next/navigation';
import type { ReactNode } from 'react';
import { Shell } from '#features/shell/shell.tsx';
import { ToSignIn } from '#features/shell/to-sign-in.tsx';
import { SessionProvider } from '#lib/permissions.tsx';
import { session } from '#lib/trpc/server.tsx';

/** Every page here is a visitor's own: nothing is asked of the gateway while building. */
export const dynamic = 'force-dynamic';

export default async function PortalLayout({ children }: { children: ReactNode }) {
  const visitor = await session();
  if (visitor === null) return <ToSignIn />;
  if (visitor.organisation === null && !visitor.user.platformAdmin) redirect('/organisation');
  return (
    <SessionProvider session={visitor}>
      <Shell session={visitor}>{children}</Shell>
    </SessionProvider>
  );
}
