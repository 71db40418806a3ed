import type { Metadata } from 'next';
import { redirect } from 'next/navigation';
import { FirstOrganisation } from '#features/access/first-organisation.tsx';
import { session } from '#lib/trpc/server.tsx';
import { access } from '#text/en/access.ts';

export const metadata: Metadata = { title: access.createOrganisation };

export default async function OrganisationPage() {
  const visitor = await session();
  if (visitor === null) redirect('/sign-in');
  if (visitor.organisation !== null) redirect('/');
  return (
    <>
      <h1 className="mb-1 font-semibold text-xl tracking-tight">{access.createOrganisationTitle}</h1>
      <p className="mb-6 text-muted">{access.createOrganisationText}</p>
      <FirstOrganisation invitations={visitor.invitations} />
    </>
  );
}
