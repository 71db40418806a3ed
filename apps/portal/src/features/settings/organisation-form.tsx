'use client';

import { useMutation, useQueryClient, useSuspenseQuery } from '@tanstack/react-query';
import { useRouter } from 'next/navigation';
import type { FormEvent } from 'react';
import { Button } from '#components/button.tsx';
import { Card, CardBody, CardHeader, Facts } from '#components/card.tsx';
import { CopyableId } from '#components/copy.tsx';
import { Field, Input } from '#components/field.tsx';
import { toast } from '#components/toast.tsx';
import { errorText } from '#lib/error-text.ts';
import { formatDate } from '#lib/format.ts';
import { useMay } from '#lib/permissions.tsx';
import { useTRPC } from '#lib/trpc/client.tsx';
import { common } from '#text/en/common.ts';
import { settings } from '#text/en/settings.ts';

const text = settings.organisation;

export function OrganisationForm() {
  const trpc = useTRPC();
  const router = useRouter();
  const admin = useMay('admin');
  const queryClient = useQueryClient();
  const { data } = useSuspenseQuery(trpc.organisation.get.queryOptions());
  const update = useMutation(
    trpc.organisation.update.mutationOptions({
      onSuccess: async () => {
        toast(common.saved);
        router.refresh();
        await queryClient.invalidateQueries(trpc.organisation.pathFilter());
      },
    }),
  );
  return (
    <Card className="max-w-2xl">
      <CardHeader title={text.title} />
      <CardBody className="grid gap-5">
        <form
          className="flex flex-wrap items-end gap-3"
          onSubmit={(event: FormEvent<HTMLFormElement>) => {
            event.preventDefault();
            update.mutate({ name: String(new FormData(event.currentTarget).get('name')) });
          }}
        >
          <Field
            label={text.name}
            className="min-w-56 flex-1"
            error={update.error ? errorText(update.error) : undefined}
          >
            <Input name="name" defaultValue={data.name} required maxLength={80} disabled={!admin} />
          </Field>
          {admin ? (
            <Button type="submit" pending={update.isPending} className="h-9">
              {common.save}
            </Button>
          ) : null}
        </form>
        <Facts
          rows={[
            [text.id, <CopyableId key="id" id={data.id} full />],
            [
              <span key="slug">
                {text.slug} <span className="block text-xs">{text.slugHint}</span>
              </span>,
              <CopyableId key="slug-value" id={data.slug} full />,
            ],
            [text.plan, data.plan.name],
            [text.since, formatDate(data.createdAt)],
          ]}
        />
      </CardBody>
    </Card>
  );
}
