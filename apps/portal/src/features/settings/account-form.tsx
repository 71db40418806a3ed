'use client';

import { useMutation } from '@tanstack/react-query';
import { useRouter } from 'next/navigation';
import type { FormEvent } from 'react';
import { Button } from '#components/button.tsx';
import { Card, CardBody, CardHeader, Facts } from '#components/card.tsx';
import { CopyableId } from '#components/copy.tsx';
import { Field, Input } from '#components/field.tsx';
import { toast } from '#components/toast.tsx';
import { updateName } from '#lib/auth-client.ts';
import { errorText } from '#lib/error-text.ts';
import { useSession } from '#lib/permissions.tsx';
import { common } from '#text/en/common.ts';
import { settings } from '#text/en/settings.ts';

const text = settings.account;

export function AccountForm() {
  const { user } = useSession();
  const router = useRouter();
  const update = useMutation({
    mutationFn: updateName,
    onSuccess: () => {
      toast(text.saved);
      router.refresh();
    },
  });
  return (
    <Card className="max-w-2xl">
      <CardHeader title={text.title} />
      <CardBody className="grid gap-5">
        <form
          className="flex flex-wrap items-end gap-3"
          onSubmit={(event: FormEvent<HTMLFormElement>) => {
            event.preventDefault();
            update.mutate(String(new FormData(event.currentTarget).get('name')));
          }}
        >
          <Field
            label={text.name}
            className="min-w-56 flex-1"
            error={update.error ? errorText(update.error) : undefined}
          >
            <Input name="name" defaultValue={user.name} required maxLength={80} autoComplete="name" />
          </Field>
          <Button type="submit" pending={update.isPending} className="h-9">
            {common.save}
          </Button>
        </form>
        <Facts
          rows={[
            [text.email, user.email],
            [common.id, <CopyableId key="id" id={user.id} full />],
          ]}
        />
      </CardBody>
    </Card>
  );
}
