'use client';

import type { ServiceAccountView } from '@parapet/contracts/portal/organisation';
import type { Role } from '@parapet/contracts/roles';
import { useMutation, useQueryClient, useSuspenseQuery } from '@tanstack/react-query';
import { Bot, Plus, Trash2 } from 'lucide-react';
import { type FormEvent, useMemo, useState } from 'react';
import { Button } from '#components/button.tsx';
import { Confirm } from '#components/confirm.tsx';
import { CopyableId } from '#components/copy.tsx';
import type { Column } from '#components/data-table.tsx';
import { Dialog, DialogActions } from '#components/dialog.tsx';
import { Field, Input, Select } from '#components/field.tsx';
import { PagedTable } from '#components/paged-table.tsx';
import { EmptyState } from '#components/states.tsx';
import { Time } from '#components/time.tsx';
import { toast } from '#components/toast.tsx';
import { errorText } from '#lib/error-text.ts';
import { useMay } from '#lib/permissions.tsx';
import { useTRPC } from '#lib/trpc/client.tsx';
import { useSearch } from '#lib/use-search.ts';
import { common } from '#text/en/common.ts';
import { roleNames } from '#text/en/roles.ts';
import { team as text } from '#text/en/team.ts';

const roles = ['admin', 'developer', 'viewer'] as const satisfies Role[];

/** Accounts of software: they hold keys and can't sign in. */
export function ServiceAccounts() {
  const trpc = useTRPC();
  const admin = useMay('admin');
  const queryClient = useQueryClient();
  const { data } = useSuspenseQuery(trpc.organisation.serviceAccounts.queryOptions());
  const search = useSearch();
  const needle = search.deferred?.toLowerCase();
  const rows = data.filter((row) => needle === undefined || `${row.name} ${row.id}`.toLowerCase().includes(needle));
  const remove = useMutation(trpc.organisation.removeServiceAccount.mutationOptions());
  const columns = useMemo<Column<ServiceAccountView>[]>(
    () => [
      {
        id: 'name',
        header: text.columns.name,
        accessorFn: (row) => row.name,
        cell: ({ row: { original } }) => (
          <div>
            <p className="font-medium">{original.name}</p>
            <CopyableId id={original.id} />
          </div>
        ),
      },
      { id: 'role', header: text.columns.role, accessorFn: (row) => roleNames[row.role] },
      { id: 'keys', header: text.columns.keys, accessorFn: (row) => row.keys, meta: { align: 'right' } },
      {
        id: 'created',
        header: text.columns.created,
        accessorFn: (row) => row.createdAt,
        meta: { align: 'right' },
        cell: ({ row }) => <Time at={row.original.createdAt} className="whitespace-nowrap text-muted" />,
      },
      {
        id: 'actions',
        header: text.columns.actions,
        enableSorting: false,
        meta: { align: 'right', actions: true },
        cell: ({ row: { original } }) =>
          admin ? (
            <Confirm
              trigger={
                <Button variant="ghost" size="iconSm" aria-label={text.removeAccountTitle(original.name)}>
                  <Trash2 />
                </Button>
              }
              title={text.removeAccountTitle(original.name)}
              action={text.remove}
              onConfirm={async () => {
                await remove.mutateAsync({ serviceAccountId: original.id });
                toast(text.removed(original.name));
                await queryClient.invalidateQueries(trpc.organisation.serviceAccounts.pathFilter());
              }}
            >
              {text.removeAccountText}
            </Confirm>
          ) : null,
      },
    ],
    [admin, queryClient, trpc, remove.mutateAsync],
  );
  return (
    <div className="grid gap-4">
      {admin ? (
        <div>
          <AddAccount />
        </div>
      ) : null}
      <PagedTable
        label={text.tabs.accounts}
        plural={text.tabs.accounts.toLowerCase()}
        columns={columns}
        rows={rows}
        rowId={(row) => row.id}
        search={search}
        empty={
          <EmptyState icon={Bot} title={text.noAccounts}>
            {text.noAccountsText}
          </EmptyState>
        }
      />
    </div>
  );
}

function AddAccount() {
  const [open, setOpen] = useState(false);
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const create = useMutation(
    trpc.organisation.createServiceAccount.mutationOptions({
      onSuccess: async (account) => {
        setOpen(false);
        toast(text.accountMade(account.name));
        await queryClient.invalidateQueries(trpc.organisation.serviceAccounts.pathFilter());
      },
    }),
  );
  return (
    <Dialog
      open={open}
      onOpenChange={setOpen}
      title={text.accountTitle}
      description={text.accountText}
      trigger={
        <Button>
          <Plus />
          {text.addAccount}
        </Button>
      }
    >
      <form
        className="grid gap-4"
        onSubmit={(event: FormEvent<HTMLFormElement>) => {
          event.preventDefault();
          const fields = new FormData(event.currentTarget);
          create.mutate({
            name: String(fields.get('name')),
            role: String(fields.get('role')) as (typeof roles)[number],
          });
        }}
      >
        <Field label={text.accountName} error={create.error ? errorText(create.error) : undefined}>
          <Input name="name" required maxLength={80} autoComplete="off" />
        </Field>
        <Field label={text.role}>
          <Select name="role" defaultValue="developer">
            {roles.map((role) => (
              <option key={role} value={role}>
                {roleNames[role]}
              </option>
            ))}
          </Select>
        </Field>
        <DialogActions>
          <Button onClick={() => setOpen(false)}>{common.cancel}</Button>
          <Button type="submit" variant="primary" pending={create.isPending}>
            {common.create}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
