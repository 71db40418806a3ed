'use client';

import type { AuditEntryView } from '@parapet/contracts/portal/audit';
import type { TextFileView } from '@parapet/contracts/portal/common';
import { useMutation } from '@tanstack/react-query';
import { Download, ScrollText, ShieldCheck } from 'lucide-react';
import { Badge } from '#components/badge.tsx';
import { Button } from '#components/button.tsx';
import { CopyableId } from '#components/copy.tsx';
import type { Column } from '#components/data-table.tsx';
import { Menu, MenuItem } from '#components/menu.tsx';
import { type MorePages, PagedTable } from '#components/paged-table.tsx';
import { EmptyState } from '#components/states.tsx';
import { TimeOrderSelect } from '#components/time-order-select.tsx';
import { toast } from '#components/toast.tsx';
import { errorText } from '#lib/error-text.ts';
import { formatDateTime, formatInteger } from '#lib/format.ts';
import { saveFile } from '#lib/save-file.ts';
import { audit as text } from '#text/en/audit.ts';
import { AuditDetails } from './audit-details.tsx';
import type { useAuditAddress } from './use-audit-address.ts';

const columns: Column<AuditEntryView>[] = [
  {
    id: 'action',
    header: text.columns.action,
    cell: ({ row: { original } }) => (
      <div>
        <code className="font-medium font-mono text-xs">{original.action}</code>
        <div className="text-faint text-xs">{formatDateTime(original.at)}</div>
      </div>
    ),
  },
  {
    id: 'actor',
    header: text.columns.actor,
    cell: ({ row: { original } }) => (
      <span className="flex flex-wrap items-center gap-x-2 max-sm:justify-end">
        {original.actor.name}
        {original.actor.kind === 'user' ? null : <Badge>{text.actorKinds[original.actor.kind]}</Badge>}
      </span>
    ),
  },
  {
    id: 'target',
    header: text.columns.target,
    cell: ({ row: { original } }) => (
      <span>
        {original.target.kind.replaceAll('_', ' ')} <CopyableId id={original.target.id} />
      </span>
    ),
  },
  {
    id: 'ip',
    header: text.columns.ip,
    cell: ({ row }) => <span className="font-mono text-faint text-xs">{row.original.ip ?? '–'}</span>,
  },
  {
    id: 'details',
    header: text.details,
    meta: { align: 'right', actions: true },
    cell: ({ row }) => <AuditDetails entry={row.original} />,
  },
];

/** The entries with their filter; the same for one organisation and for the platform. */
export function AuditLog({
  entries,
  address,
  pages,
  onExport,
  onVerify,
}: {
  entries: AuditEntryView[];
  address: ReturnType<typeof useAuditAddress>;
  pages: MorePages;
  onExport: (format: 'csv' | 'jsonl') => Promise<TextFileView>;
  onVerify: () => Promise<{ entries: number; intact: boolean; brokenAt: string | null }>;
}) {
  const failed = (error: unknown) => toast(errorText(error), { tone: 'danger' });
  const save = useMutation({ mutationFn: onExport, onSuccess: saveFile, onError: failed });
  const verify = useMutation({
    mutationFn: onVerify,
    onSuccess: (chain) =>
      chain.intact
        ? toast(text.intact(formatInteger(chain.entries)))
        : toast(text.broken(chain.brokenAt ?? ''), { tone: 'danger' }),
    onError: failed,
  });
  return (
    <PagedTable
      label={text.title}
      plural={text.plural}
      columns={columns}
      rows={entries}
      rowId={(entry) => entry.id}
      search={address.search}
      filters={
        <>
          <input
            value={address.action}
            onChange={(event) => address.setAction(event.target.value)}
            placeholder={text.actionHint}
            aria-label={text.action}
            className="field h-8 w-36 px-2 text-[0.8125rem] max-sm:w-full"
          />
          {(['from', 'to'] as const).map((end) => (
            <input
              key={end}
              type="date"
              value={address[end]}
              onChange={(event) => address.setDay(end, event.target.value)}
              aria-label={text[end]}
              className="field h-8 min-w-0 px-2 text-[0.8125rem] max-sm:flex-[1_1_8.5rem]"
            />
          ))}
          <TimeOrderSelect value={address.order} onChange={address.setOrder} />
          <span className="flex gap-2 sm:ml-auto">
            <Button pending={verify.isPending} onClick={() => verify.mutate()}>
              <ShieldCheck />
              {text.verify}
            </Button>
            <Menu
              trigger={
                <Button pending={save.isPending}>
                  <Download />
                  {text.export}
                </Button>
              }
            >
              <MenuItem onSelect={() => save.mutate('csv')}>{text.csv}</MenuItem>
              <MenuItem onSelect={() => save.mutate('jsonl')}>{text.jsonl}</MenuItem>
            </Menu>
          </span>
        </>
      }
      filtered={address.filtered}
      onClear={address.clear}
      empty={<EmptyState icon={ScrollText} title={text.empty} />}
      pages={pages}
    />
  );
}
