import { type DatasetDetail, datasetIdInputSchema } from '@parapet/contracts/portal/datasets';
import { fineTuningJobs, users } from '@parapet/db/schema';
import { and, desc, eq, or } from 'drizzle-orm';
import { datasetView, requireDataset } from '../../datasets/dataset-view.ts';
import { defineVerb } from '../../verb.ts';

/** One data set with its histograms and the last 50 jobs that used it. */
export const getDataset = defineVerb('datasets.get', datasetIdInputSchema, ({ read, tenancy }, { datasetId }) =>
  read(async (tx): Promise<DatasetDetail> => {
    const row = await requireDataset(tx, datasetId);
    const [person] = await tx
      .select({ name: users.name })
      .from(users)
      .where(eq(users.id, row.createdBy ?? ''));
    const jobs = await tx
      .select({ id: fineTuningJobs.id, status: fineTuningJobs.status, createdAt: fineTuningJobs.createdAt })
      .from(fineTuningJobs)
      .where(
        and(
          eq(fineTuningJobs.orgId, tenancy.id),
          or(eq(fineTuningJobs.trainingDatasetId, row.id), eq(fineTuningJobs.validationDatasetId, row.id)),
        ),
      )
      .orderBy(desc(fineTuningJobs.id))
      .limit(50);
    return {
      ...datasetView(row, person?.name ?? null),
      tokensPerRow: row.tokens?.tokensPerRow ?? null,
      completionTokensPerRow: row.tokens?.completionTokensPerRow ?? null,
      jobs: jobs.map((job) => ({ ...job, createdAt: job.createdAt.getTime() })),
    };
  }),
);
