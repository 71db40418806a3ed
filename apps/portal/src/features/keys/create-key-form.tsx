'use client';

import type { CreatedKey } from '@parapet/contracts/portal/keys';
import type { KeyScope } from '@parapet/contracts/roles';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { Button } from '#components/button.tsx';
import { DialogActions } from '#components/dialog.tsx';
import { Checkbox, Field, Input, Select, Textarea } from '#components/field.tsx';
import { Notice } from '#components/states.tsx';
import { errorText } from '#lib/error-text.ts';
import { useMay } from '#lib/permissions.tsx';
import { useTRPC } from '#lib/trpc/client.tsx';
import { common } from '#text/en/common.ts';
import { keys as text } from '#text/en/keys.ts';
import { scopeNames } from '#text/en/roles.ts';
import { limitFields } from './limit-fields.ts';
import { LimitInputs } from './limit-inputs.tsx';

const days: Record<string, number> = { d30: 30, d90: 90, d365: 365 };

/** The form of a new key. */
export default function CreateKeyForm({
  onCreated,
  onCancel,
}: {
  onCreated: (created: CreatedKey) => void;
  onCancel: () => void;
}) {
  const [restricted, setRestricted] = useState(false);
  const trpc = useTRPC();
  const admin = useMay('admin');
  const queryClient = useQueryClient();
  const accounts = useQuery(trpc.organisation.serviceAccounts.queryOptions(undefined, { enabled: admin }));
  const create = useMutation(
    trpc.keys.create.mutationOptions({
      onSuccess: async (answer) => {
        onCreated(answer);
        await queryClient.invalidateQueries(trpc.keys.pathFilter());
      },
    }),
  );

  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const fields = new FormData(event.currentTarget);
    const scopes = fields.getAll('scope') as KeyScope[];
    const models = String(fields.get('models') ?? '')
      .split('\n')
      .map((line) => line.trim())
      .filter(Boolean);
    const expiry = days[String(fields.get('expiry'))];
    create.mutate({
      name: String(fields.get('name')),
      scopes: restricted ? scopes : null,
      allowedModels: models.length > 0 ? models : null,
      ...limitFields(fields),
      expiresAt: expiry === undefined ? null : Date.now() + expiry * 86_400_000,
      serviceAccountId: String(fields.get('owner') ?? '') || null,
    });
  }

  return (
    <form onSubmit={submit} className="grid gap-4">
      <div className="grid gap-4 sm:grid-cols-2">
        <Field label={text.name} hint={text.nameHint}>
          <Input name="name" required maxLength={80} autoComplete="off" />
        </Field>
        <Field label={text.expiry}>
          <Select name="expiry" defaultValue="never">
            {Object.entries(text.expiries).map(([value, label]) => (
              <option key={value} value={value}>
                {label}
              </option>
            ))}
          </Select>
        </Field>
        {accounts.data && accounts.data.length > 0 ? (
          <Field label={text.owner}>
            <Select name="owner" defaultValue="">
              <option value="">{text.me}</option>
              {accounts.data.map((account) => (
                <option key={account.id} value={account.id}>
                  {account.name}
                </option>
              ))}
            </Select>
          </Field>
        ) : null}
      </div>
      <fieldset className="grid gap-2">
        <legend className="mb-1.5 font-medium text-[0.8125rem]">{text.scopes}</legend>
        <Select
          aria-label={text.scopes}
          value={restricted ? 'some' : 'all'}
          onChange={(event) => setRestricted(event.target.value === 'some')}
        >
          <option value="all">{text.scopesAll}</option>
          <option value="some">{text.scopesSome}</option>
        </Select>
        {restricted ? (
          <div className="grid gap-2 sm:grid-cols-2">
            {Object.entries(scopeNames).map(([scope, name]) => (
              <Checkbox key={scope} name="scope" value={scope} label={name} defaultChecked={scope === 'inference'} />
            ))}
          </div>
        ) : null}
      </fieldset>
      <details className="rounded-lg border border-line px-3 py-2.5">
        <summary className="cursor-pointer rounded font-medium text-[0.8125rem]">{text.limits}</summary>
        <div className="mt-3 grid gap-4 sm:grid-cols-3">
          <LimitInputs />
          <Field label={text.models} hint={text.modelsHint} className="sm:col-span-3">
            <Textarea name="models" className="font-mono text-xs!" spellCheck={false} />
          </Field>
        </div>
      </details>
      {create.error ? (
        <div role="alert">
          <Notice tone="danger">{errorText(create.error)}</Notice>
        </div>
      ) : null}
      <DialogActions>
        <Button onClick={() => onCancel()}>{common.cancel}</Button>
        <Button type="submit" variant="primary" pending={create.isPending}>
          {text.create}
        </Button>
      </DialogActions>
    </form>
  );
}
