'use client';

import { useMutation } from '@tanstack/react-query';
import { useRouter } from 'next/navigation';
import { type FormEvent, useState } from 'react';
import { Badge } from '#components/badge.tsx';
import { Button } from '#components/button.tsx';
import { Card, CardHeader } from '#components/card.tsx';
import { CodeBlock } from '#components/code-block.tsx';
import { Dialog, DialogActions } from '#components/dialog.tsx';
import { Field, Input } from '#components/field.tsx';
import { Notice } from '#components/states.tsx';
import { toast } from '#components/toast.tsx';
import { disableTwoFactor, enableTwoFactor, verifyTotp } from '#lib/auth-client.ts';
import { errorText } from '#lib/error-text.ts';
import { useSession } from '#lib/permissions.tsx';
import { access } from '#text/en/access.ts';
import { common } from '#text/en/common.ts';
import { settings } from '#text/en/settings.ts';

const text = settings.twoFactor;

/** Two-factor sign-in: on with an app's code proved, off with the password. */
export function TwoFactorCard() {
  const { user } = useSession();
  return (
    <Card className="max-w-2xl pb-1">
      <CardHeader
        title={
          <span className="flex items-center gap-2">
            {text.title}
            <Badge tone={user.twoFactorEnabled ? 'ok' : 'neutral'}>{user.twoFactorEnabled ? text.on : text.off}</Badge>
          </span>
        }
        description={text.text}
        actions={user.twoFactorEnabled ? <TurnOff /> : <TurnOn />}
      />
    </Card>
  );
}

function TurnOn() {
  const [open, setOpen] = useState(false);
  const [verified, setVerified] = useState(false);
  const router = useRouter();
  const begin = useMutation({ mutationFn: enableTwoFactor });
  const verify = useMutation({
    mutationFn: (code: string) => verifyTotp(code, false),
    onSuccess: () => setVerified(true),
  });
  const uri = begin.data?.totpURI;
  const key = uri ? (new URL(uri).searchParams.get('secret') ?? '') : '';

  function change(next: boolean) {
    setOpen(next);
    if (next) return;
    if (verified) {
      toast(text.enabled);
      router.refresh();
    }
    setVerified(false);
    begin.reset();
    verify.reset();
  }

  const step = verified ? 'codes' : uri ? 'verify' : 'password';
  const titles = { password: text.title, verify: text.scanTitle, codes: text.backupTitle };
  const descriptions = { password: text.text, verify: text.scanText, codes: text.backupText };
  return (
    <Dialog
      open={open}
      onOpenChange={change}
      title={titles[step]}
      description={descriptions[step]}
      trigger={<Button>{text.enable}</Button>}
    >
      {step === 'password' ? (
        <PasswordStep
          action={common.next}
          pending={begin.isPending}
          error={begin.error}
          onPassword={(password) => begin.mutate(password)}
        />
      ) : null}
      {step === 'verify' && uri ? (
        <form
          className="grid gap-4"
          onSubmit={(event: FormEvent<HTMLFormElement>) => {
            event.preventDefault();
            verify.mutate(String(new FormData(event.currentTarget).get('code')).replaceAll(' ', ''));
          }}
        >
          <div>
            <p className="mb-1.5 font-medium text-[0.8125rem]">{text.key}</p>
            <CodeBlock label={text.key} code={key} wrap />
            <a href={uri} className="mt-2 inline-block text-[0.8125rem] text-accent-text underline underline-offset-2">
              {text.open}
            </a>
          </div>
          <Field label={text.code} error={verify.error ? errorText(verify.error) : undefined}>
            <Input
              name="code"
              inputMode="numeric"
              autoComplete="one-time-code"
              pattern="[0-9 ]{6,7}"
              title={access.codeFormat}
              className="font-mono"
              required
            />
          </Field>
          <DialogActions>
            <Button type="submit" variant="primary" pending={verify.isPending}>
              {text.verify}
            </Button>
          </DialogActions>
        </form>
      ) : null}
      {step === 'codes' ? (
        <>
          <CodeBlock label={text.backup} code={(begin.data?.backupCodes ?? []).join('\n')} />
          <DialogActions>
            <Button variant="primary" onClick={() => change(false)}>
              {text.done}
            </Button>
          </DialogActions>
        </>
      ) : null}
    </Dialog>
  );
}

function TurnOff() {
  const [open, setOpen] = useState(false);
  const router = useRouter();
  const disable = useMutation({
    mutationFn: disableTwoFactor,
    onSuccess: () => {
      setOpen(false);
      toast(text.disabled);
      router.refresh();
    },
  });
  return (
    <Dialog
      open={open}
      onOpenChange={setOpen}
      title={text.disableTitle}
      description={
        <>
          {text.disableText} <strong className="font-medium text-ink">{text.disableUndo}</strong>
        </>
      }
      trigger={<Button>{text.disable}</Button>}
    >
      <PasswordStep
        action={text.disable}
        pending={disable.isPending}
        error={disable.error}
        onPassword={(password) => disable.mutate(password)}
      />
    </Dialog>
  );
}

function PasswordStep({
  action,
  pending,
  error,
  onPassword,
}: {
  action: string;
  pending: boolean;
  error: unknown;
  onPassword: (password: string) => void;
}) {
  const { hasPassword } = useSession().user;
  return (
    <form
      onSubmit={(event: FormEvent<HTMLFormElement>) => {
        event.preventDefault();
        onPassword(String(new FormData(event.currentTarget).get('password') ?? ''));
      }}
    >
      {hasPassword ? (
        <Field label={text.password} error={error ? errorText(error) : undefined}>
          <Input name="password" type="password" autoComplete="current-password" required />
        </Field>
      ) : error ? (
        <Notice tone="danger">{errorText(error)}</Notice>
      ) : null}
      <DialogActions>
        <Button type="submit" variant="primary" pending={pending}>
          {action}
        </Button>
      </DialogActions>
    </form>
  );
}
