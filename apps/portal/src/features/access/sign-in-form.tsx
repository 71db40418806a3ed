'use client';

import { Field, Input } from '#components/field.tsx';
import { signIn } from '#lib/auth-client.ts';
import { access } from '#text/en/access.ts';
import { AccessForm } from './form.tsx';
import { safeReturn } from './safe-return.ts';

export function SignInForm({ next, email }: { next?: string; email?: string }) {
  return (
    <AccessForm
      action={access.signIn}
      send={async (fields) => {
        const outcome = await signIn(fields.email ?? '', fields.password ?? '');
        const to = safeReturn(next);
        // A full load: the server renders as the new visitor, nothing of the old one stays in the cache.
        window.location.assign(outcome === 'code-needed' ? `/two-factor?next=${encodeURIComponent(to)}` : to);
      }}
    >
      <Field label={access.email}>
        <Input name="email" type="email" autoComplete="username" defaultValue={email} required />
      </Field>
      <Field label={access.password}>
        <Input name="password" type="password" autoComplete="current-password" required />
      </Field>
    </AccessForm>
  );
}
