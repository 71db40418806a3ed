'use client';

import type { TenantDetail } from '@parapet/contracts/portal/admin';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { SlidersHorizontal } from 'lucide-react';
import { type FormEvent, useState } from 'react';
import { Button } from '#components/button.tsx';
import { Dialog, DialogActions } from '#components/dialog.tsx';
import { Notice } from '#components/states.tsx';
import { toast } from '#components/toast.tsx';
import { errorText } from '#lib/error-text.ts';
import { useTRPC } from '#lib/trpc/client.tsx';
import { tenants as text } from '#text/en/admin.ts';
import { common } from '#text/en/common.ts';
import { toOverride } from './override.ts';
import { QuotaField } from './quota-field.tsx';

/** A tenant's own limits over its plan's. */
export function QuotaDialog({ tenant }: { tenant: TenantDetail }) {
  const [open, setOpen] = useState(false);
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const save = useMutation(
    trpc.admin.tenants.overrideQuota.mutationOptions({
      onSuccess: async () => {
        setOpen(false);
        toast(text.quotaSaved);
        await queryClient.invalidateQueries(trpc.admin.tenants.pathFilter());
      },
    }),
  );
  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const names = tenant.quota.lines.map((line) => line.name);
    save.mutate({ organisationId: tenant.id, override: toOverride(names, new FormData(event.currentTarget)) });
  }
  return (
    <Dialog
      open={open}
      onOpenChange={setOpen}
      wide
      title={text.quotaTitle(tenant.name)}
      description={text.quotaText}
      trigger={
        <Button>
          <SlidersHorizontal />
          {text.editQuota}
        </Button>
      }
    >
      <form onSubmit={submit} className="grid gap-4">
        <div className="grid gap-x-6 gap-y-4 sm:grid-cols-2">
          {tenant.quota.lines.map((line) => (
            <QuotaField
              key={line.name}
              name={line.name}
              value={tenant.override[line.name]}
              hint={line.source === 'plan' ? line.limit : undefined}
            />
          ))}
        </div>
        {save.error ? (
          <div role="alert">
            <Notice tone="danger">{errorText(save.error)}</Notice>
          </div>
        ) : null}
        <DialogActions>
          <Button onClick={() => setOpen(false)}>{common.cancel}</Button>
          <Button type="submit" variant="primary" pending={save.isPending}>
            {common.save}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
