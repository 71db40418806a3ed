'use client';

import type { KeyView } from '@parapet/contracts/portal/keys';
import { useSuspenseQuery } from '@tanstack/react-query';
import { KeyRound } from 'lucide-react';
import { Badge } from '#components/badge.tsx';
import { CopyableId } from '#components/copy.tsx';
import type { Column } from '#components/data-table.tsx';
import { FilterSelect } from '#components/list-frame.tsx';
import { PagedTable } from '#components/paged-table.tsx';
import { EmptyState } from '#components/states.tsx';
import { Time } from '#components/time.tsx';
import { formatCompact, formatMoney } from '#lib/format.ts';
import { useMay } from '#lib/permissions.tsx';
import { useTRPC } from '#lib/trpc/client.tsx';
import { useUrlState } from '#lib/url-state.ts';
import { useSearch } from '#lib/use-search.ts';
import { common } from '#text/en/common.ts';
import { keys as text } from '#text/en/keys.ts';
import { scopeNames } from '#text/en/roles.ts';
import { CreateKey } from './create-key.tsx';
import { KeyMenu } from './key-menu.tsx';

const tones = { active: 'ok', expiring: 'warn', expired: 'neutral', revoked: 'neutral' } as const;

const columns: Column<KeyView>[] = [
  {
    id: 'name',
    header: text.columns.name,
    accessorFn: (key) => key.name,
    cell: ({ row: { original: key } }) => (
      <div className="min-w-0 max-w-xs">
        <p className="truncate font-medium">{key.name}</p>
        <CopyableId id={key.id} />
      </div>
    ),
  },
  {
    id: 'key',
    header: text.columns.key,
    enableSorting: false,
    cell: ({ row }) => <code className="whitespace-nowrap font-mono text-muted text-xs">{row.original.prefix}…</code>,
  },
  {
    id: 'state',
    header: text.columns.state,
    accessorFn: (key) => key.state,
    cell: ({ row: { original: key } }) => (
      <Badge tone={tones[key.state]} dot>
        {text.states[key.state]}
      </Badge>
    ),
  },
  { id: 'owner', header: text.columns.owner, accessorFn: (key) => key.owner.name },
  {
    id: 'access',
    header: text.columns.access,
    enableSorting: false,
    cell: ({ row: { original: key } }) => (
      <span title={key.scopes?.map((scope) => scopeNames[scope]).join(', ')}>
        {key.scopes === null ? text.allScopes : key.scopes.map((scope) => scopeNames[scope]).join(', ')}
        {key.allowedModels ? <span className="text-faint"> · {text.modelCount(key.allowedModels.length)}</span> : null}
      </span>
    ),
  },
  {
    id: 'limits',
    header: text.columns.limits,
    enableSorting: false,
    cell: ({ row }) => <Limits keyView={row.original} />,
  },
  {
    id: 'used',
    header: text.columns.lastUsed,
    accessorFn: (key) => key.lastUsedAt ?? 0,
    meta: { align: 'right' },
    cell: ({ row }) =>
      row.original.lastUsedAt === null ? (
        <span className="text-faint">{common.never}</span>
      ) : (
        <Time at={row.original.lastUsedAt} className="whitespace-nowrap text-muted" />
      ),
  },
  {
    id: 'actions',
    header: text.columns.actions,
    enableSorting: false,
    meta: { align: 'right', actions: true },
    cell: ({ row }) => <KeyMenu keyView={row.original} />,
  },
];

function Limits({ keyView: key }: { keyView: KeyView }) {
  const limits = [
    key.requestsPerMinute === null ? null : text.rpm(formatCompact(key.requestsPerMinute)),
    key.tokensPerMinute === null ? null : text.tpm(formatCompact(key.tokensPerMinute)),
    key.monthlyBudgetMicros === null ? null : text.budget(formatMoney(key.monthlyBudgetMicros)),
  ].filter((limit) => limit !== null);
  if (limits.length === 0) return <span className="text-faint">{text.noLimits}</span>;
  return <span>{limits.join(' · ')}</span>;
}

export function KeyList() {
  const trpc = useTRPC();
  const may = useMay('developer');
  const search = useSearch();
  const { deferred } = search;
  const [filter, setFilter] = useUrlState('state', 'live');
  const { data } = useSuspenseQuery(trpc.keys.list.queryOptions());
  const needle = deferred?.toLowerCase();
  const rows = data.filter(
    (key) =>
      (filter !== 'live' || key.state === 'active' || key.state === 'expiring') &&
      (needle === undefined ||
        [key.name, key.id, key.prefix, key.owner.name].some((field) => field.toLowerCase().includes(needle))),
  );
  return (
    <PagedTable
      label={text.title}
      plural={text.plural}
      columns={columns}
      rows={rows}
      rowId={(key) => key.id}
      search={search}
      filters={
        <FilterSelect label={text.filter} value={filter} onChange={setFilter} options={Object.entries(text.filters)} />
      }
      filtered={filter !== 'live' && data.length > 0}
      onClear={() => setFilter('live')}
      count={common.rowCount(String(rows.length), String(data.length))}
      empty={
        <EmptyState icon={KeyRound} title={text.emptyTitle} action={may ? <CreateKey /> : null}>
          {text.emptyText}
        </EmptyState>
      }
    />
  );
}
