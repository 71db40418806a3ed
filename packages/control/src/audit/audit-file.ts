import type { AuditEntryView } from '@parapet/contracts/portal/audit';
import type { TextFileView } from '@parapet/contracts/portal/common';
import { csvFile } from '../usage/csv.ts';

const columns = [
  'at',
  'id',
  'actorKind',
  'actorId',
  'actorName',
  'action',
  'targetKind',
  'targetId',
  'before',
  'after',
  'ip',
  'requestId',
  'digest',
] as const;

/** Audit entries as a file; JSONL keeps all that the digests were made of. */
export function auditFile(name: string, entries: readonly AuditEntryView[], format: 'csv' | 'jsonl'): TextFileView {
  if (format === 'jsonl') {
    const content = entries.map((entry) => `${JSON.stringify(entry)}\n`).join('');
    return { fileName: `${name}.jsonl`, contentType: 'application/x-ndjson', content };
  }
  const rows = entries.map((entry) => ({
    ...entry,
    at: new Date(entry.at).toISOString(),
    actorKind: entry.actor.kind,
    actorId: entry.actor.id,
    actorName: entry.actor.name,
    targetKind: entry.target.kind,
    targetId: entry.target.id,
    before: entry.before === null ? '' : JSON.stringify(entry.before),
    after: entry.after === null ? '' : JSON.stringify(entry.after),
  }));
  return csvFile(name, rows, columns);
}
