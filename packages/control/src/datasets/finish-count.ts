import { asTenantId } from '@parapet/contracts/ids';
import { datasets } from '@parapet/db/schema';
import { asPlatform, withTenant } from '@parapet/db/tenant';
import { and, eq } from 'drizzle-orm';
import type { ControlServices } from '../context.ts';
import { promoteJobs } from '../jobs/promote-jobs.ts';
import { countTokens, type TokenCount } from './count-tokens.ts';

/** Writes a late count into its data set: `ready`, or `invalid` when rows turned out too long. */
async function keepCount(services: ControlServices, orgId: string, id: string, count: TokenCount): Promise<void> {
  const broken = count.problems.first;
  const now = services.now();
  await withTenant(services.database.db, asTenantId(orgId), async (tx) => {
    await tx
      .update(datasets)
      .set({
        tokens: count.tokens,
        updatedAt: now,
        ...(broken
          ? {
              status: 'invalid' as const,
              statusDetails: broken.message,
              problems: count.problems.kept,
              problemCount: count.problems.total,
            }
          : { status: 'ready' as const }),
      })
      .where(and(eq(datasets.orgId, orgId), eq(datasets.id, id), eq(datasets.status, 'counting')));
    await promoteJobs(tx, now);
  });
}

/** Goes on counting after the upload was answered. It fails silently: `countPending` takes it up again. */
export function finishCountLater(
  services: ControlServices,
  dataset: { orgId: string; id: string },
  counting: Promise<TokenCount> | null,
): void {
  counting?.then((count) => keepCount(services, dataset.orgId, dataset.id, count)).catch(() => {});
}

/** Counts what a gateway that died left uncounted; call at the start. Answers how many data sets it finished. */
export async function countPending(services: ControlServices): Promise<number> {
  const { tokenizer } = services;
  if (tokenizer === null) return 0;
  const pending = await asPlatform(services.database.db, (tx) =>
    tx
      .select({ id: datasets.id, orgId: datasets.orgId, rowsDigest: datasets.rowsDigest })
      .from(datasets)
      .where(eq(datasets.status, 'counting'))
      .limit(1000),
  );
  for (const { id, orgId, rowsDigest } of pending) {
    await keepCount(services, orgId, id, await countTokens(services.blobs, tokenizer, rowsDigest));
  }
  return pending.length;
}
