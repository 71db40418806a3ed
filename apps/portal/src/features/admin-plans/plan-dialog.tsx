'use client';

import type { PlanView } from '@parapet/contracts/portal/admin';
import type { QuotaLimits } from '@parapet/contracts/quota';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import type { FormEvent, ReactNode } from 'react';
import { Button } from '#components/button.tsx';
import { Dialog, DialogActions } from '#components/dialog.tsx';
import { Field, Input } from '#components/field.tsx';
import { Notice } from '#components/states.tsx';
import { toast } from '#components/toast.tsx';
import { QuotaField } from '#features/admin-tenants/quota-field.tsx';
import { errorText } from '#lib/error-text.ts';
import { useTRPC } from '#lib/trpc/client.tsx';
import { plans as text } from '#text/en/admin.ts';
import { common } from '#text/en/common.ts';
import { quotaNamesOf, unlimited } from './quota-names.ts';

/** A plan's name and limits; an empty field is no limit. */
export function PlanDialog({
  plan,
  open,
  onOpenChange,
  trigger,
}: {
  /** Absent = a new one. */
  plan?: PlanView;
  open: boolean;
  onOpenChange: (open: boolean) => void;
  trigger?: ReactNode;
}) {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const done = {
    onSuccess: async () => {
      onOpenChange(false);
      toast(common.saved);
      await queryClient.invalidateQueries(trpc.admin.pathFilter());
    },
  };
  const create = useMutation(trpc.admin.plans.create.mutationOptions(done));
  const update = useMutation(trpc.admin.plans.update.mutationOptions(done));
  const limits = plan?.limits ?? unlimited;
  const error = create.error ?? update.error;

  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const fields = new FormData(event.currentTarget);
    const next: QuotaLimits = { ...unlimited };
    for (const name of quotaNamesOf(unlimited)) {
      const value = String(fields.get(name) ?? '').trim();
      next[name] = value === '' || fields.get(`${name}:unlimited`) === 'on' ? null : Number(value);
    }
    const name = String(fields.get('name'));
    if (plan) update.mutate({ planId: plan.id, name, limits: next });
    else create.mutate({ name, limits: next });
  }

  return (
    <Dialog
      open={open}
      onOpenChange={onOpenChange}
      wide
      trigger={trigger}
      title={plan ? text.editTitle(plan.name) : text.addTitle}
      description={plan ? text.editText(text.tenantCount(plan.tenants)) : undefined}
    >
      <form onSubmit={submit} className="grid gap-5">
        <Field label={text.name}>
          <Input name="name" defaultValue={plan?.name} required maxLength={60} autoComplete="off" />
        </Field>
        <div className="grid gap-x-6 gap-y-4 sm:grid-cols-2">
          {quotaNamesOf(limits).map((name) => (
            <QuotaField key={name} name={name} value={limits[name]} />
          ))}
        </div>
        {error ? (
          <div role="alert">
            <Notice tone="danger">{errorText(error)}</Notice>
          </div>
        ) : null}
        <DialogActions>
          <Button onClick={() => onOpenChange(false)}>{common.cancel}</Button>
          <Button type="submit" variant="primary" pending={create.isPending || update.isPending}>
            {common.save}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
