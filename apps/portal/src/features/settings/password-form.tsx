'use client';

import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useRef } from 'react';
import { Button } from '#components/button.tsx';
import { Card, CardBody, CardHeader } from '#components/card.tsx';
import { Field, Input } from '#components/field.tsx';
import { Notice } from '#components/states.tsx';
import { toast } from '#components/toast.tsx';
import { changePassword } from '#lib/auth-client.ts';
import { errorText } from '#lib/error-text.ts';
import { access } from '#text/en/access.ts';
import { settings } from '#text/en/settings.ts';

const text = settings.password;

export function PasswordForm() {
  const form = useRef<HTMLFormElement>(null);
  const change = useMutation({
    mutationFn: ({ current, next }: { current: string; next: string }) => changePassword(current, next),
    onSuccess: () => {
      form.current?.reset();
      toast(text.changed);
    },
  });
  return (
    <Card className="max-w-2xl">
      <CardHeader title={text.title} description={text.text} />
      <CardBody>
        <form
          ref={form}
          className="grid gap-4 sm:grid-cols-2"
          onSubmit={(event: FormEvent<HTMLFormElement>) => {
            event.preventDefault();
            const fields = new FormData(event.currentTarget);
            change.mutate({ current: String(fields.get('current')), next: String(fields.get('next')) });
          }}
        >
          <Field label={text.current}>
            <Input name="current" type="password" autoComplete="current-password" required />
          </Field>
          <Field label={text.next} hint={access.passwordHint}>
            <Input name="next" type="password" autoComplete="new-password" minLength={10} maxLength={128} required />
          </Field>
          {change.error ? (
            <div role="alert" className="sm:col-span-2">
              <Notice tone="danger">{errorText(change.error)}</Notice>
            </div>
          ) : null}
          <div>
            <Button type="submit" pending={change.isPending}>
              {text.change}
            </Button>
          </div>
        </form>
      </CardBody>
    </Card>
  );
}
