import { deleteDataset } from '@parapet/control/verbs/datasets/delete-dataset';
import { getDataset } from '@parapet/control/verbs/datasets/get-dataset';
import { listDatasets } from '@parapet/control/verbs/datasets/list-datasets';
import { listProblems } from '@parapet/control/verbs/datasets/list-problems';
import { previewRows } from '@parapet/control/verbs/datasets/preview-rows';
import { mutation, query, router } from './base.ts';

export const datasetsRouter = router({
  list: query(listDatasets),
  get: query(getDataset),
  problems: query(listProblems),
  rows: query(previewRows),
  delete: mutation(deleteDataset),
});
