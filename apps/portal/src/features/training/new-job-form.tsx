'use client';

import { useMutation, useQueryClient, useSuspenseQuery } from '@tanstack/react-query';
import Link from 'next/link';
import { useRouter } from 'next/navigation';
import { type FormEvent, useState } from 'react';
import { Button } from '#components/button.tsx';
import { Card, CardBody, CardHeader } from '#components/card.tsx';
import { Field, Input, Select } from '#components/field.tsx';
import { Notice } from '#components/states.tsx';
import { toast } from '#components/toast.tsx';
import { errorText } from '#lib/error-text.ts';
import { formatInteger } from '#lib/format.ts';
import { useTRPC } from '#lib/trpc/client.tsx';
import { useUrlState } from '#lib/url-state.ts';
import { common } from '#text/en/common.ts';
import { jobForm } from '#text/en/job-form.ts';
import { AdvancedSettings } from './advanced-settings.tsx';
import { type FormChoices, initialChoices, toJobChoices } from './choices.ts';
import { EstimateCard } from './estimate-card.tsx';
import { useEstimate } from './use-estimate.ts';

const text = jobForm;

export function NewJobForm() {
  const trpc = useTRPC();
  const router = useRouter();
  const queryClient = useQueryClient();
  const [dataset, setDataset] = useUrlState('dataset');
  const [form, setForm] = useState<FormChoices>(initialChoices);
  const { data: datasets } = useSuspenseQuery(trpc.datasets.list.queryOptions({ status: 'ready', limit: 200 }));
  const { data: models } = useSuspenseQuery(trpc.models.list.queryOptions());
  const chosen: FormChoices = {
    ...form,
    trainingFileId: datasets.items.some((item) => item.id === dataset) ? dataset : '',
  };
  const estimate = useEstimate(chosen);
  const create = useMutation(
    trpc.jobs.create.mutationOptions({
      onSuccess: async (job) => {
        toast(text.started);
        router.push(`/fine-tuning/${job.id}`);
        await queryClient.invalidateQueries(trpc.jobs.pathFilter());
      },
    }),
  );
  const set = (change: Partial<FormChoices>) => setForm((before) => ({ ...before, ...change }));

  function submit(event: FormEvent) {
    event.preventDefault();
    create.mutate(toJobChoices(chosen));
  }

  const names = datasets.items.map((item) => (
    <option key={item.id} value={item.id}>
      {text.rows(item.name, formatInteger(item.rows))}
    </option>
  ));
  const bases = models.filter((model) => model.kind === 'base');
  return (
    <form onSubmit={submit} className="grid items-start gap-5 lg:grid-cols-[minmax(0,1fr)_20rem]">
      <div className="grid gap-5">
        <Card>
          <CardHeader title={text.data} />
          <CardBody className="grid gap-4 sm:grid-cols-2">
            {datasets.items.length === 0 ? (
              <Notice className="sm:col-span-2">
                {text.noDatasets}{' '}
                <Link href="/datasets" className="text-accent-text underline underline-offset-2">
                  {text.toDatasets}
                </Link>
              </Notice>
            ) : null}
            <Field label={text.trainingFile}>
              <Select value={chosen.trainingFileId} onChange={(event) => setDataset(event.target.value)} required>
                <option value="">{text.choose}</option>
                {names}
              </Select>
            </Field>
            <Field label={text.validationFile} optional={common.optional} hint={text.validationHint}>
              <Select value={form.validationFileId} onChange={(event) => set({ validationFileId: event.target.value })}>
                <option value="">{text.noValidation}</option>
                {names}
              </Select>
            </Field>
          </CardBody>
        </Card>
        <Card>
          <CardHeader title={text.model} />
          <CardBody className="grid gap-4 sm:grid-cols-2">
            <Field label={text.base}>
              <Select value={form.baseModel} onChange={(event) => set({ baseModel: event.target.value })}>
                {bases.map((model) => (
                  <option key={model.model} value={model.model}>
                    {model.label}
                  </option>
                ))}
              </Select>
            </Field>
            <Field label={text.suffix} optional={common.optional} hint={text.suffixHint}>
              <Input
                value={form.suffix}
                onChange={(event) => set({ suffix: event.target.value })}
                pattern="[A-Za-z0-9][A-Za-z0-9\-]{0,63}"
                maxLength={64}
                placeholder="support-routing"
              />
            </Field>
          </CardBody>
        </Card>
        <AdvancedSettings
          form={form}
          onChange={set}
          recipe={estimate.data?.recipe}
          adapters={models.filter((model) => model.kind === 'adapter')}
        />
      </div>
      <div className="grid gap-4 lg:sticky lg:top-8">
        <EstimateCard estimate={estimate} ready={chosen.trainingFileId !== ''} />
        {create.error ? (
          <div role="alert">
            <Notice tone="danger">{errorText(create.error)}</Notice>
          </div>
        ) : null}
        <Button type="submit" variant="primary" size="lg" pending={create.isPending}>
          {text.start}
        </Button>
      </div>
    </form>
  );
}
