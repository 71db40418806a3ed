'use client';

import type { SessionView } from '@parapet/contracts/portal/session';
import { useMutation } from '@tanstack/react-query';
import { Button } from '#components/button.tsx';
import { Field, Input } from '#components/field.tsx';
import { toast } from '#components/toast.tsx';
import { signOut } from '#lib/auth-client.ts';
import { errorText } from '#lib/error-text.ts';
import { useTRPC, useTRPCClient } from '#lib/trpc/client.tsx';
import { access } from '#text/en/access.ts';
import { shell } from '#text/en/shell.ts';
import { AccessForm } from './form.tsx';

/** For a person without an organisation: join one that invited them, or make one. */
export function FirstOrganisation({ invitations }: { invitations: SessionView['invitations'] }) {
  const trpc = useTRPC();
  const client = useTRPCClient();
  const reload = {
    onSuccess: () => window.location.assign('/'),
    onError: (error: unknown) => toast(errorText(error), { tone: 'danger' as const }),
  };
  const accept = useMutation(trpc.session.acceptInvitation.mutationOptions(reload));
  const decline = useMutation(trpc.session.declineInvitation.mutationOptions(reload));
  return (
    <div className="grid gap-6">
      {invitations.length > 0 ? (
        <section aria-labelledby="waiting">
          <h2 id="waiting" className="mb-2 font-medium text-[0.8125rem]">
            {access.waitingInvitations}
          </h2>
          <ul className="divide-y divide-line rounded-lg border border-line">
            {invitations.map((invitation) => (
              <li key={invitation.id} className="flex items-center gap-2 p-3">
                <span className="min-w-0 flex-1 truncate">{invitation.organisationName}</span>
                <Button size="sm" onClick={() => decline.mutate({ invitationId: invitation.id })}>
                  {access.decline}
                </Button>
                <Button size="sm" variant="primary" onClick={() => accept.mutate({ tokenOrId: invitation.id })}>
                  {access.join}
                </Button>
              </li>
            ))}
          </ul>
        </section>
      ) : null}
      <AccessForm
        action={access.createOrganisation}
        send={async (fields) => {
          await client.session.createOrganisation.mutate({ name: fields.organisation ?? '' });
          window.location.assign('/');
        }}
      >
        <Field label={access.organisation} hint={access.organisationHint}>
          <Input name="organisation" autoComplete="organization" required maxLength={80} />
        </Field>
      </AccessForm>
      <Button variant="ghost" onClick={() => signOut().then(() => window.location.assign('/sign-in'))}>
        {shell.signOut}
      </Button>
    </div>
  );
}
