'use client';

import { useSession } from '#lib/permissions.tsx';
import { PasswordForm } from './password-form.tsx';
import { TwoFactorCard } from './two-factor-card.tsx';

/** How the visitor signs in. */
export default function Security() {
  const { hasPassword } = useSession().user;
  return (
    <div className="grid gap-5">
      <TwoFactorCard />
      {hasPassword ? <PasswordForm /> : null}
    </div>
  );
}
