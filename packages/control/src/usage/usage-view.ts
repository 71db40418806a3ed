import type { UsageInput, UsageRow, UsageView } from '@parapet/contracts/portal/usage';
import { apiKeys, organisations } from '@parapet/db/schema';
import type { Tx } from '@parapet/db/tenant';
import { totalsOf, type UsageBucket, type UsageQuery, usageSeries } from '@parapet/metering/usage';
import { inArray } from 'drizzle-orm';

/** Columns of an exported usage file, in order. */
export const usageColumns = [
  'from',
  'group',
  'name',
  'requests',
  'promptTokens',
  'cachedTokens',
  'completionTokens',
  'trainedTokens',
  'inferenceDeviceMicros',
  'trainingDeviceMicros',
  'costMicros',
] as const;

/** Usage with the groups' names beside their ids. */
export async function usageView(tx: Tx, query: UsageQuery, currency: string): Promise<UsageView> {
  const buckets = await usageSeries(tx, query);
  const labels = await labelsOf(tx, query.groupBy, buckets);
  const rows = buckets.map((row) => ({ ...row, groupLabel: labels.get(row.group) ?? row.group }));
  return { rows, totals: totalsOf(buckets), currency };
}

async function labelsOf(tx: Tx, groupBy: UsageQuery['groupBy'], buckets: readonly UsageBucket[]) {
  const ids = [...new Set(buckets.map(({ group }) => group))].filter((group) => group !== '');
  if (ids.length === 0) return new Map<string, string>();
  if (groupBy === 'key') {
    const keys = await tx.select({ id: apiKeys.id, name: apiKeys.name }).from(apiKeys).where(inArray(apiKeys.id, ids));
    return new Map(keys.map(({ id, name }) => [id, name]));
  }
  if (groupBy === 'organisation') {
    const rows = await tx
      .select({ id: organisations.id, name: organisations.name })
      .from(organisations)
      .where(inArray(organisations.id, ids));
    return new Map(rows.map(({ id, name }) => [id, name]));
  }
  return new Map(ids.map((id) => [id, id]));
}

export const tenantQuery = (orgId: string, { from, to, bucket, groupBy, keyId, model }: UsageInput): UsageQuery => ({
  orgId,
  from,
  to,
  bucket,
  groupBy,
  ...(keyId !== undefined && { keyId }),
  ...(model !== undefined && { model }),
});

/** A usage row as an exported line: the time readable, the amounts as integers of their smallest unit. */
export const usageLine = ({ at, group, groupLabel, ...amounts }: UsageRow): Record<string, unknown> => ({
  from: new Date(at).toISOString(),
  group,
  name: groupLabel,
  ...amounts,
});
