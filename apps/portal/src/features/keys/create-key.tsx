'use client';

import type { CreatedKey } from '@parapet/contracts/portal/keys';
import type { KeyScope } from '@parapet/contracts/roles';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Plus } from 'lucide-react';
import { type FormEvent, useState } from 'react';
import { Button } from '#components/button.tsx';
import { Dialog, DialogActions } from '#components/dialog.tsx';
import { Checkbox, Field, Input, Select, Textarea } from '#components/field.tsx';
import { Notice } from '#components/states.tsx';
import { errorText } from '#lib/error-text.ts';
import { useMay } from '#lib/permissions.tsx';
import { useTRPC } from '#lib/trpc/client.tsx';
import { common } from '#text/en/common.ts';
import { keys as text } from '#text/en/keys.ts';
import { scopeNames } from '#text/en/roles.ts';
import { limitFields } from './limit-fields.ts';
import { NewSecret } from './new-secret.tsx';

const days: Record<string, number> = { d30: 30, d90: 90, d365: 365 };

/** Makes a key, and shows its secret once. */
export function CreateKey() {
  const [open, setOpen] = useState(false);
  const [created, setCreated] = useState<CreatedKey | null>(null);
  const [restricted, setRestricted] = useState(false);
  const trpc = useTRPC();
  const admin = useMay('admin');
  const queryClient = useQueryClient();
  const accounts = useQuery(trpc.organisation.serviceAccounts.queryOptions(undefined, { enabled: open && admin }));
  const create = useMutation(
    trpc.keys.create.mutationOptions({
      onSuccess: async (answer) => {
        setCreated(answer);
        await queryClient.invalidateQueries(trpc.keys.pathFilter());
      },
    }),
  );

  function change(next: boolean) {
    setOpen(next);
    if (next) return;
    setCreated(null);
    setRestricted(false);
    create.reset();
  }

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
    <Dialog
      open={open}
      onOpenChange={change}
      title={created ? text.createdTitle : text.createTitle}
      description={created ? text.createdText : undefined}
      wide
      trigger={
        <Button variant="primary">
          <Plus />
          {text.create}
        </Button>
      }
    >
      {created ? (
        <NewSecret secret={created.secret} onDone={() => change(false)} />
      ) : (
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
                  <Checkbox
                    key={scope}
                    name="scope"
                    value={scope}
                    label={name}
                    defaultChecked={scope === 'inference'}
                  />
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
            <Button onClick={() => change(false)}>{common.cancel}</Button>
            <Button type="submit" variant="primary" pending={create.isPending}>
              {text.create}
            </Button>
          </DialogActions>
        </form>
      )}
    </Dialog>
  );
}

/** A key's own limits; empty = the organisation's. */
export function LimitInputs({
  rpm,
  tpm,
  budgetMicros,
}: {
  rpm?: number | null;
  tpm?: number | null;
  budgetMicros?: number | null;
}) {
  return (
    <>
      <Field label={text.rpmLabel}>
        <Input name="rpm" type="number" min={1} step={1} defaultValue={rpm ?? ''} placeholder={text.asOrganisation} />
      </Field>
      <Field label={text.tpmLabel}>
        <Input name="tpm" type="number" min={1} step={1} defaultValue={tpm ?? ''} placeholder={text.asOrganisation} />
      </Field>
      <Field label={text.budgetLabel} hint={text.budgetHint}>
        <Input
          name="budget"
          type="number"
          min={0}
          step="any"
          defaultValue={budgetMicros == null ? '' : budgetMicros / 1_000_000}
          placeholder={text.asOrganisation}
        />
      </Field>
    </>
  );
}
