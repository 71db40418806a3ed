import { type LineageView, versionIdInputSchema } from '@parapet/contracts/portal/adapters';
import { adapters, adapterVersions, datasets, fineTuningJobs } from '@parapet/db/schema';
import type { TenantTx } from '@parapet/db/tenant';
import { and, eq } from 'drizzle-orm';
import { requireVersion } from '../../adapters/adapter-view.ts';
import { defineVerb } from '../../verb.ts';

/** Where a version comes from: data, job, recipe and base, by digest. What was deleted since is named by digest only. */
export const getLineage = defineVerb('adapters.lineage', versionIdInputSchema, ({ read }, { versionId }) =>
  read(async (tx): Promise<LineageView> => {
    const row = await requireVersion(tx, versionId);
    const { lineage } = row;
    const [adapter] = await tx.select().from(adapters).where(eq(adapters.id, row.adapterId));
    const [job] = await tx
      .select()
      .from(fineTuningJobs)
      .where(and(eq(fineTuningJobs.orgId, tx.tenantId), eq(fineTuningJobs.id, lineage.jobId ?? '')));
    const [parent] = await tx
      .select({ versionId: adapterVersions.id, digest: adapterVersions.digest })
      .from(adapterVersions)
      .where(eq(adapterVersions.id, lineage.parentVersionId ?? ''));
    return {
      versionId: row.id,
      dataset: await fileOf(tx, job?.trainingDatasetId ?? null, lineage.trainingDigest),
      validation: await fileOf(tx, job?.validationDatasetId ?? null, lineage.validationDigest),
      job: job?.finishedAt
        ? { id: job.id, seed: job.seed, steps: lineage.steps ?? job.step, finishedAt: job.finishedAt.getTime() }
        : null,
      recipe: lineage.recipe,
      base: { name: adapter?.baseModel ?? '', digest: row.baseDigest },
      parent: parent ?? null,
    };
  }),
);

async function fileOf(tx: TenantTx, id: string | null, digest: string | null): Promise<LineageView['dataset']> {
  if (digest === null) return null;
  const [row] = await tx
    .select({ id: datasets.id, name: datasets.name })
    .from(datasets)
    .where(and(eq(datasets.orgId, tx.tenantId), eq(datasets.id, id ?? '')));
  return { id: row?.id ?? null, name: row?.name ?? 'deleted file', digest };
}
