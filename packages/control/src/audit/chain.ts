import { createHash } from 'node:crypto';
import { newId } from '@parapet/contracts/ids';
import { auditLog } from '@parapet/db/schema';
import type { Tx } from '@parapet/db/tenant';
import { desc, eq, sql } from 'drizzle-orm';
import { actorOf, type Origin, type Principal } from '../access/principal.ts';

/** What a mutation says of itself. Never put a secret in `before` or `after`. */
export interface AuditRecord {
  target: { kind: string; id: string };
  before?: Record<string, unknown>;
  after?: Record<string, unknown>;
}

/** The chain of what concerns no one organisation. */
export const platformChain = 'platform';

type Entry = typeof auditLog.$inferSelect;
type Digested = Omit<Entry, 'digest' | 'createdAt'> & { createdAt: Date };

/** JSON with sorted keys: the same text before and after a trip through jsonb. */
function canonical(value: unknown): string {
  if (value instanceof Date) return JSON.stringify(value.toISOString());
  if (Array.isArray(value)) return `[${value.map((item) => canonical(item ?? null)).join(',')}]`;
  if (typeof value === 'object' && value !== null) {
    const pairs = Object.entries(value)
      .filter(([, item]) => item !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1));
    return `{${pairs.map(([key, item]) => `${JSON.stringify(key)}:${canonical(item)}`).join(',')}}`;
  }
  return JSON.stringify(value);
}

/** SHA-256 over the whole entry, the digest of the one before it included. */
export function entryDigest(entry: Digested): string {
  const { id, chain, sequence, orgId, actorType, actorId, actorName, action, targetType, targetId } = entry;
  const { before, after, ipAddress, userAgent, requestId, previousDigest, createdAt } = entry;
  const said = { id, chain, sequence, orgId, actorType, actorId, actorName, action, targetType, targetId };
  const more = { before, after, ipAddress, userAgent, requestId, previousDigest, createdAt };
  return createHash('sha256')
    .update(canonical({ ...said, ...more }))
    .digest('hex');
}

/**
 * Writes one entry at the end of its chain (the organisation's, or the platform's) within the mutation's own
 * transaction. Mutations of one chain wait for each other from here to their commit: this comes last in them.
 */
export async function appendAudit(
  tx: Tx,
  entry: { orgId: string | null; action: string; principal: Principal; origin: Origin; now: Date } & AuditRecord,
): Promise<void> {
  const chain = entry.orgId ?? platformChain;
  await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended(${`audit ${chain}`}, 0))`);
  const [last] = await tx
    .select({ sequence: auditLog.sequence, digest: auditLog.digest })
    .from(auditLog)
    .where(eq(auditLog.chain, chain))
    .orderBy(desc(auditLog.sequence))
    .limit(1);
  const row: Digested = {
    id: newId('auditEntry', entry.now.getTime()),
    chain,
    sequence: (last?.sequence ?? 0) + 1,
    orgId: entry.orgId,
    ...actorOf(entry.principal),
    action: entry.action,
    targetType: entry.target.kind,
    targetId: entry.target.id,
    before: entry.before ?? null,
    after: entry.after ?? null,
    ipAddress: entry.origin.ip,
    userAgent: entry.origin.userAgent?.slice(0, 300) ?? null,
    requestId: entry.origin.requestId,
    previousDigest: last?.digest ?? null,
    createdAt: entry.now,
  };
  await tx.insert(auditLog).values({ ...row, digest: entryDigest(row) });
}
