import type { AuditEntryView } from '@parapet/contracts/portal/audit';
import type { Page } from '@parapet/contracts/portal/common';
import { auditLog } from '@parapet/db/schema';
import type { Tx } from '@parapet/db/tenant';
import { and, asc, eq, gte, ilike, lt, or, type SQL } from 'drizzle-orm';
import { byTime } from '../page.ts';
import { entryDigest } from './chain.ts';

export interface AuditFilter {
  action?: string | undefined;
  actorId?: string | undefined;
  targetId?: string | undefined;
  from?: number | undefined;
  to?: number | undefined;
  search?: string | undefined;
}

/** Rows one export holds at most; a filter by time gets the rest. */
const exportLimit = 50_000;

type Row = typeof auditLog.$inferSelect;

function conditions(chain: string | null, filter: AuditFilter): SQL | undefined {
  const { action, actorId, targetId, from, to, search } = filter;
  const like = search === undefined || search === '' ? null : `%${search.replace(/[\\%_]/g, '\\$&')}%`;
  return and(
    chain === null ? undefined : eq(auditLog.chain, chain),
    action === undefined ? undefined : eq(auditLog.action, action),
    actorId === undefined ? undefined : eq(auditLog.actorId, actorId),
    targetId === undefined ? undefined : eq(auditLog.targetId, targetId),
    from === undefined ? undefined : gte(auditLog.createdAt, new Date(from)),
    to === undefined ? undefined : lt(auditLog.createdAt, new Date(to)),
    like === null
      ? undefined
      : or(ilike(auditLog.action, like), ilike(auditLog.actorName, like), ilike(auditLog.targetId, like)),
  );
}

/** A page of entries by time. `chain` null = every chain; the cursor is the last entry's id, and ids sort by time. */
export async function auditPage(
  tx: Tx,
  chain: string | null,
  {
    cursor,
    limit,
    order,
    ...filter
  }: AuditFilter & {
    cursor?: string | undefined;
    limit: number;
    order: 'newest' | 'oldest';
  },
): Promise<Page<AuditEntryView>> {
  const { behind, orderBy } = byTime(auditLog.id, order, cursor);
  const rows = await tx
    .select()
    .from(auditLog)
    .where(and(conditions(chain, filter), behind))
    .orderBy(orderBy)
    .limit(limit + 1);
  const page = rows.slice(0, limit);
  return { items: page.map(toView), nextCursor: rows.length > limit ? (page.at(-1)?.id ?? null) : null };
}

/** Entries for a file, oldest first. */
export async function auditEntries(tx: Tx, chain: string | null, filter: AuditFilter): Promise<AuditEntryView[]> {
  const rows = await tx
    .select()
    .from(auditLog)
    .where(conditions(chain, filter))
    .orderBy(asc(auditLog.id))
    .limit(exportLimit);
  return rows.map(toView);
}

/** Recomputes a chain from its beginning: every digest over its entry and the one before, no number missing. */
export async function verifyChain(
  tx: Tx,
  chain: string,
): Promise<{ entries: number; intact: boolean; brokenAt: string | null }> {
  let previous: string | null = null;
  let sequence = 0;
  for (;;) {
    const rows: Row[] = await tx
      .select()
      .from(auditLog)
      .where(and(eq(auditLog.chain, chain), gte(auditLog.sequence, sequence + 1)))
      .orderBy(asc(auditLog.sequence))
      .limit(1000);
    for (const row of rows) {
      sequence++;
      const whole = row.sequence === sequence && row.previousDigest === previous && entryDigest(row) === row.digest;
      if (!whole) return { entries: sequence, intact: false, brokenAt: row.id };
      previous = row.digest;
    }
    if (rows.length < 1000) return { entries: sequence, intact: true, brokenAt: null };
  }
}

function toView(row: Row): AuditEntryView {
  return {
    id: row.id,
    at: row.createdAt.getTime(),
    actor: { kind: row.actorType, id: row.actorId ?? '', name: row.actorName ?? '' },
    action: row.action,
    target: { kind: row.targetType, id: row.targetId },
    before: row.before as AuditEntryView['before'],
    after: row.after as AuditEntryView['after'],
    ip: row.ipAddress,
    requestId: row.requestId,
    digest: row.digest,
  };
}
