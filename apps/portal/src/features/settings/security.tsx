'use client';

import { PasswordForm } from './password-form.tsx';
import { TwoFactorCard } from './two-factor-card.tsx';

/** How the visitor signs in. */
export default function Security() {
  return (
    <div className="grid gap-5">
      <TwoFactorCard />
      <PasswordForm />
    </div>
  );
}
