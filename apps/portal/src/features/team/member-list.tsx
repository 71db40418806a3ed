'use client';

import type { MemberView } from '@parapet/contracts/portal/organisation';
import type { Role } from '@parapet/contracts/roles';
import { useMutation, useQueryClient, useSuspenseQuery } from '@tanstack/react-query';
import { UserRoundMinus } from 'lucide-react';
import { useMemo } from 'react';
import { Badge } from '#components/badge.tsx';
import { Button } from '#components/button.tsx';
import { Confirm } from '#components/confirm.tsx';
import { CopyableId } from '#components/copy.tsx';
import type { Column } from '#components/data-table.tsx';
import { PagedTable } from '#components/paged-table.tsx';
import { Time } from '#components/time.tsx';
import { toast } from '#components/toast.tsx';
import { errorText } from '#lib/error-text.ts';
import { useMay, useSession } from '#lib/permissions.tsx';
import { useTRPC } from '#lib/trpc/client.tsx';
import { useSearch } from '#lib/use-search.ts';
import { roleNames } from '#text/en/roles.ts';
import { team as text } from '#text/en/team.ts';

export function MemberList() {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const admin = useMay('admin');
  const owner = useMay('owner');
  const me = useSession().user.id;
  const search = useSearch();
  const { deferred } = search;
  const { data } = useSuspenseQuery(trpc.organisation.members.queryOptions());
  const setRole = useMutation(trpc.organisation.setRole.mutationOptions());
  const remove = useMutation(trpc.organisation.removeMember.mutationOptions());
  const needle = deferred?.toLowerCase();
  const rows = data.filter(
    (member) => needle === undefined || `${member.name} ${member.email}`.toLowerCase().includes(needle),
  );

  const columns = useMemo<Column<MemberView>[]>(() => {
    const reload = () => queryClient.invalidateQueries(trpc.organisation.pathFilter());
    async function change(member: MemberView, role: Role) {
      try {
        await setRole.mutateAsync({ memberId: member.id, role });
        toast(text.roleChanged(member.name, roleNames[role]));
      } catch (error) {
        toast(errorText(error), { tone: 'danger' });
      }
      await reload();
    }
    return [
      {
        id: 'name',
        header: text.columns.name,
        accessorFn: (member) => member.name,
        cell: ({ row: { original: member } }) => (
          <div className="min-w-0">
            <p className="flex flex-wrap items-center gap-2 font-medium">
              {member.name}
              {member.userId === me ? <Badge>{text.you}</Badge> : null}
            </p>
            <p className="text-faint text-xs [overflow-wrap:anywhere]">{member.email}</p>
          </div>
        ),
      },
      { id: 'id', header: 'ID', enableSorting: false, cell: ({ row }) => <CopyableId id={row.original.userId} /> },
      {
        id: 'role',
        header: text.columns.role,
        accessorFn: (member) => member.role,
        cell: ({ row: { original: member } }) =>
          admin && (owner || member.role !== 'owner') ? (
            <select
              aria-label={text.roleOf(member.name)}
              className="field h-7 px-2 text-xs"
              value={member.role}
              onChange={(event) => void change(member, event.target.value as Role)}
            >
              {(Object.keys(roleNames) as Role[]).map((role) => (
                <option key={role} value={role} disabled={role === 'owner' && !owner}>
                  {roleNames[role]}
                </option>
              ))}
            </select>
          ) : (
            roleNames[member.role]
          ),
      },
      {
        id: 'twoFactor',
        header: text.columns.twoFactor,
        accessorFn: (member) => member.twoFactorEnabled,
        cell: ({ row }) =>
          row.original.twoFactorEnabled ? <Badge tone="ok">{text.on}</Badge> : <Badge>{text.off}</Badge>,
      },
      {
        id: 'joined',
        header: text.columns.joined,
        accessorFn: (member) => member.joinedAt,
        meta: { align: 'right' },
        cell: ({ row }) => <Time at={row.original.joinedAt} className="whitespace-nowrap text-muted" />,
      },
      {
        id: 'actions',
        header: text.columns.actions,
        enableSorting: false,
        meta: { align: 'right', actions: true },
        cell: ({ row: { original: member } }) =>
          admin && member.userId !== me ? (
            <Confirm
              trigger={
                <Button variant="ghost" size="iconSm" aria-label={text.removeTitle(member.name)}>
                  <UserRoundMinus />
                </Button>
              }
              title={text.removeTitle(member.name)}
              action={text.remove}
              undoable={text.removeUndo}
              onConfirm={async () => {
                await remove.mutateAsync({ memberId: member.id });
                toast(text.removed(member.name));
                await reload();
              }}
            >
              {text.removeText}
            </Confirm>
          ) : null,
      },
    ];
  }, [admin, owner, me, queryClient, trpc, setRole.mutateAsync, remove.mutateAsync]);

  return (
    <PagedTable
      label={text.tabs.members}
      plural={text.plural}
      columns={columns}
      rows={rows}
      rowId={(member) => member.id}
      search={search}
      empty={null}
    />
  );
}
