import { notFound } from 'next/navigation';
import type { ReactNode } from 'react';
import { session } from '#lib/trpc/server.tsx';

/** Not there at all for who is no platform admin; the gateway refuses the calls anyway. */
export default async function AdminLayout({ children }: { children: ReactNode }) {
  if (!(await session())?.user.platformAdmin) notFound();
  return children;
}
