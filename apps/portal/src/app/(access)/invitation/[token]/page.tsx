import type { Metadata } from 'next';
import Link from 'next/link';
import { Button } from '#components/button.tsx';
import { Notice } from '#components/states.tsx';
import { AcceptInvitation } from '#features/access/invitation-answer.tsx';
import { api, session } from '#lib/trpc/server.tsx';
import { access } from '#text/en/access.ts';
import { roleNames } from '#text/en/roles.ts';

export const metadata: Metadata = { title: access.accept };

export default async function InvitationPage({ params }: { params: Promise<{ token: string }> }) {
  const { token } = await params;
  const invitation = await api()
    .session.invitation.query({ tokenOrId: token })
    .catch(() => null);
  if (invitation === null) return <Notice tone="warn">{access.invitationUnknown}</Notice>;
  const visitor = await session();
  const next = encodeURIComponent(`/invitation/${token}`);
  const email = encodeURIComponent(invitation.email);
  return (
    <>
      <h1 className="mb-2 font-semibold text-xl tracking-tight">
        {access.invitationTitle(invitation.organisationName)}
      </h1>
      <p className="mb-6 text-muted">{access.invitationText(invitation.email, roleNames[invitation.role])}</p>
      {invitation.state !== 'pending' ? (
        <Notice tone="warn">{access.invitationStates[invitation.state]}</Notice>
      ) : visitor === null ? (
        <div className="grid gap-2">
          <Button asChild variant="primary" size="lg">
            <Link href={`/sign-up?next=${next}&email=${email}`}>{access.signUpToAccept}</Link>
          </Button>
          <Button asChild size="lg">
            <Link href={`/sign-in?next=${next}&email=${email}`}>{access.signInToAccept}</Link>
          </Button>
        </div>
      ) : visitor.user.email.toLowerCase() !== invitation.email.toLowerCase() ? (
        <Notice tone="warn">{access.wrongAccount(visitor.user.email)}</Notice>
      ) : (
        <AcceptInvitation token={token} />
      )}
    </>
  );
}
