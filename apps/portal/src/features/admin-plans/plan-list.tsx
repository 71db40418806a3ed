'use client';

import type { PlanView } from '@parapet/contracts/portal/admin';
import { useMutation, useQueryClient, useSuspenseQuery } from '@tanstack/react-query';
import { Ellipsis, Pencil, SlidersHorizontal, Star, Trash2 } from 'lucide-react';
import { useState } from 'react';
import { Badge } from '#components/badge.tsx';
import { Button } from '#components/button.tsx';
import { Card, CardBody, CardHeader, Facts } from '#components/card.tsx';
import { Confirm } from '#components/confirm.tsx';
import { CopyableId } from '#components/copy.tsx';
import { ListFrame, NoMatches } from '#components/list-frame.tsx';
import { Menu, MenuItem } from '#components/menu.tsx';
import { EmptyState } from '#components/states.tsx';
import { toast } from '#components/toast.tsx';
import { formatQuota } from '#features/quota/quota-meters.tsx';
import { errorText } from '#lib/error-text.ts';
import { useTRPC } from '#lib/trpc/client.tsx';
import { useSearch } from '#lib/use-search.ts';
import { plans as text } from '#text/en/admin.ts';
import { common } from '#text/en/common.ts';
import { quotaNamesText } from '#text/en/usage.ts';
import { PlanDialog } from './plan-dialog.tsx';
import { quotaNamesOf } from './quota-names.ts';

export function PlanList() {
  const trpc = useTRPC();
  const { search, setSearch, deferred } = useSearch();
  const { data } = useSuspenseQuery(trpc.admin.plans.list.queryOptions());
  const shown = data.filter(
    (plan) => deferred === undefined || plan.name.toLowerCase().includes(deferred.toLowerCase()),
  );
  return (
    <ListFrame search={search} onSearch={setSearch} searchLabel={text.plural}>
      {shown.length === 0 ? (
        data.length === 0 ? (
          <EmptyState icon={SlidersHorizontal} title={text.empty} />
        ) : (
          <NoMatches onClear={() => setSearch('')} />
        )
      ) : (
        <ul className="grid gap-4 p-4 md:grid-cols-2 xl:grid-cols-3">
          {shown.map((plan) => (
            <li key={plan.id}>
              <Plan plan={plan} />
            </li>
          ))}
        </ul>
      )}
    </ListFrame>
  );
}

function Plan({ plan }: { plan: PlanView }) {
  return (
    <Card className="h-full">
      <CardHeader
        title={
          <span className="flex items-center gap-2">
            {plan.name}
            {plan.isDefault ? <Badge tone="accent">{text.isDefault}</Badge> : null}
          </span>
        }
        description={
          <>
            {text.tenantCount(plan.tenants)} <CopyableId id={plan.id} />
          </>
        }
        actions={<PlanMenu plan={plan} />}
      />
      <CardBody>
        <Facts
          className="-mt-2"
          rows={quotaNamesOf(plan.limits).map((name) => {
            const limit = plan.limits[name];
            return [quotaNamesText[name], limit === null ? common.unlimited : formatQuota(name)(limit)] as const;
          })}
        />
      </CardBody>
    </Card>
  );
}

function PlanMenu({ plan }: { plan: PlanView }) {
  const [open, setOpen] = useState<'edit' | 'delete' | null>(null);
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const reload = () => queryClient.invalidateQueries(trpc.admin.pathFilter());
  const remove = useMutation(trpc.admin.plans.delete.mutationOptions());
  const makeDefault = useMutation(
    trpc.admin.plans.setDefault.mutationOptions({
      onSuccess: async () => {
        toast(text.madeDefault(plan.name));
        await reload();
      },
      onError: (error) => toast(errorText(error), { tone: 'danger' }),
    }),
  );
  const close = (next: boolean) => setOpen(next ? open : null);
  return (
    <>
      <Menu
        trigger={
          <Button variant="ghost" size="iconSm" aria-label={common.actionsFor(plan.name)}>
            <Ellipsis />
          </Button>
        }
      >
        <MenuItem onSelect={() => setOpen('edit')}>
          <Pencil />
          {text.edit}
        </MenuItem>
        {plan.isDefault ? null : (
          <>
            <MenuItem onSelect={() => makeDefault.mutate({ planId: plan.id })}>
              <Star />
              {text.makeDefault}
            </MenuItem>
            <MenuItem tone="danger" onSelect={() => setOpen('delete')}>
              <Trash2 />
              {text.delete}
            </MenuItem>
          </>
        )}
      </Menu>
      <PlanDialog plan={plan} open={open === 'edit'} onOpenChange={close} />
      <Confirm
        open={open === 'delete'}
        onOpenChange={close}
        title={text.deleteTitle(plan.name)}
        action={text.delete}
        onConfirm={async () => {
          await remove.mutateAsync({ planId: plan.id });
          toast(text.deleted(plan.name));
          await reload();
        }}
      >
        {text.deleteText}
      </Confirm>
    </>
  );
}
