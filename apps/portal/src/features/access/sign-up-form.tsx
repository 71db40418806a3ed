'use client';

import { Field, Input } from '#components/field.tsx';
import { signUp } from '#lib/auth-client.ts';
import { useTRPCClient } from '#lib/trpc/client.tsx';
import { access } from '#text/en/access.ts';
import { AccessForm } from './form.tsx';
import { safeReturn } from './safe-return.ts';

/** A new account and, unless an invitation waits, its first organisation. */
export function SignUpForm({ next, email }: { next?: string; email?: string }) {
  const client = useTRPCClient();

  /** The sign-up makes the first organisation; whatever it is called by then, it gets the name of the form. */
  async function nameOrganisation(name: string) {
    const session = await client.session.me.query();
    if (session?.organisation == null) await client.session.createOrganisation.mutate({ name });
    else if (session.organisation.name !== name) await client.organisation.update.mutate({ name });
  }

  const invitationToken = next?.match(/^\/invitation\/([^/?]+)/)?.[1];
  const invited = invitationToken !== undefined;
  return (
    <AccessForm
      action={access.signUp}
      send={async ({ name = '', email: address = '', password = '', organisation = '' }) => {
        await signUp(
          { name, email: address, password },
          invited ? { invitationToken } : { organisationName: organisation },
        );
        if (!invited) await nameOrganisation(organisation);
        window.location.assign(invited ? '/' : safeReturn(next));
      }}
    >
      <Field label={access.name}>
        <Input name="name" autoComplete="name" required maxLength={80} />
      </Field>
      <Field label={access.email}>
        <Input name="email" type="email" autoComplete="username" defaultValue={email} required />
      </Field>
      <Field label={access.password} hint={access.passwordHint}>
        <Input name="password" type="password" autoComplete="new-password" minLength={10} maxLength={128} required />
      </Field>
      {invited ? null : (
        <Field label={access.organisation} hint={access.organisationHint}>
          <Input name="organisation" autoComplete="organization" required maxLength={80} />
        </Field>
      )}
    </AccessForm>
  );
}
