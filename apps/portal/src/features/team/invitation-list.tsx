'use client';

import type { InvitationView } from '@parapet/contracts/portal/organisation';
import { useMutation, useQueryClient, useSuspenseQuery } from '@tanstack/react-query';
import { MailPlus, X } from 'lucide-react';
import { useMemo } from 'react';
import { Badge } from '#components/badge.tsx';
import { Button } from '#components/button.tsx';
import { Confirm } from '#components/confirm.tsx';
import type { Column } from '#components/data-table.tsx';
import { PagedTable } from '#components/paged-table.tsx';
import { EmptyState } from '#components/states.tsx';
import { Time } from '#components/time.tsx';
import { toast } from '#components/toast.tsx';
import { useTRPC } from '#lib/trpc/client.tsx';
import { useSearch } from '#lib/use-search.ts';
import { roleNames } from '#text/en/roles.ts';
import { team as text } from '#text/en/team.ts';

const tones = { pending: 'accent', accepted: 'ok', revoked: 'neutral', expired: 'neutral' } as const;

/** Invitations, for who may invite. */
export function InvitationList() {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const { data } = useSuspenseQuery(trpc.organisation.invitations.queryOptions());
  const search = useSearch();
  const needle = search.deferred?.toLowerCase();
  const rows = data.filter((row) => needle === undefined || row.email.toLowerCase().includes(needle));
  const revoke = useMutation(trpc.organisation.revokeInvitation.mutationOptions());
  const columns = useMemo<Column<InvitationView>[]>(
    () => [
      {
        id: 'email',
        header: text.columns.email,
        accessorFn: (row) => row.email,
        cell: ({ row }) => <span className="font-medium [overflow-wrap:anywhere]">{row.original.email}</span>,
      },
      { id: 'role', header: text.columns.role, accessorFn: (row) => roleNames[row.role] },
      {
        id: 'state',
        header: text.columns.state,
        accessorFn: (row) => row.state,
        cell: ({ row: { original } }) => <Badge tone={tones[original.state]}>{text.states[original.state]}</Badge>,
      },
      {
        id: 'expires',
        header: text.columns.expires,
        accessorFn: (row) => row.expiresAt,
        meta: { align: 'right' },
        cell: ({ row }) => <Time at={row.original.expiresAt} className="whitespace-nowrap text-muted" />,
      },
      {
        id: 'actions',
        header: text.columns.actions,
        enableSorting: false,
        meta: { align: 'right', actions: true },
        cell: ({ row: { original } }) =>
          original.state === 'pending' ? (
            <Confirm
              trigger={
                <Button variant="ghost" size="iconSm" aria-label={text.revokeTitle(original.email)}>
                  <X />
                </Button>
              }
              title={text.revokeTitle(original.email)}
              action={text.revoke}
              undoable={text.revokeUndo}
              onConfirm={async () => {
                await revoke.mutateAsync({ invitationId: original.id });
                toast(text.revoked);
                await queryClient.invalidateQueries(trpc.organisation.invitations.pathFilter());
              }}
            >
              {text.revokeText}
            </Confirm>
          ) : null,
      },
    ],
    [queryClient, trpc, revoke.mutateAsync],
  );
  return (
    <PagedTable
      label={text.tabs.invitations}
      plural={text.tabs.invitations.toLowerCase()}
      columns={columns}
      rows={rows}
      rowId={(row) => row.id}
      search={search}
      empty={
        <EmptyState icon={MailPlus} title={text.noInvitations}>
          {text.noInvitationsText}
        </EmptyState>
      }
    />
  );
}
