'use client';

import { useState } from 'react';
import { Button } from '#components/button.tsx';
import { Checkbox, Field, Input } from '#components/field.tsx';
import { verifyBackupCode, verifyTotp } from '#lib/auth-client.ts';
import { access } from '#text/en/access.ts';
import { AccessForm } from './form.tsx';
import { safeReturn } from './safe-return.ts';

export function TwoFactorForm({ next }: { next?: string }) {
  const [backup, setBackup] = useState(false);
  return (
    <>
      <AccessForm
        action={access.verify}
        send={async (fields) => {
          const code = (fields.code ?? '').replaceAll(' ', '');
          if (backup) await verifyBackupCode(code);
          else await verifyTotp(code, fields.trust === 'on');
          window.location.assign(safeReturn(next));
        }}
      >
        {backup ? (
          <Field label={access.backupCode} hint={access.backupHint}>
            <Input key="backup" name="code" autoComplete="off" className="font-mono" required />
          </Field>
        ) : (
          <>
            <Field label={access.code} hint={access.twoFactorHint}>
              <Input
                key="totp"
                name="code"
                inputMode="numeric"
                autoComplete="one-time-code"
                pattern="[0-9 ]{6,7}"
                title={access.codeFormat}
                className="font-mono text-lg! tracking-[0.3em]"
                required
              />
            </Field>
            <Checkbox name="trust" label={access.trustDevice} />
          </>
        )}
      </AccessForm>
      <Button variant="ghost" className="mt-3 w-full" onClick={() => setBackup(!backup)}>
        {backup ? access.useApp : access.useBackupCode}
      </Button>
    </>
  );
}
