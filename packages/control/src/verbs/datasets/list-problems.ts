import { type DatasetProblems, datasetProblemsInputSchema } from '@parapet/contracts/portal/datasets';
import { requireDataset } from '../../datasets/dataset-view.ts';
import { defineVerb } from '../../verb.ts';

/** What was found in a data set's rows; the first thousand are kept, all are counted. */
export const listProblems = defineVerb(
  'datasets.problems',
  datasetProblemsInputSchema,
  ({ read }, { datasetId, offset, limit }): Promise<DatasetProblems> =>
    read(async (tx) => {
      const row = await requireDataset(tx, datasetId);
      return { items: row.problems.slice(offset, offset + limit), total: row.problemCount };
    }),
);
