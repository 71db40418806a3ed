import { deleteDataset } from '@parapet/control/verbs/datasets/delete-dataset';
import { getDataset } from '@parapet/control/verbs/datasets/get-dataset';
import { importSample } from '@parapet/control/verbs/datasets/import-sample';
import { listDatasets } from '@parapet/control/verbs/datasets/list-datasets';
import { listProblems } from '@parapet/control/verbs/datasets/list-problems';
import { listSampleDatasets } from '@parapet/control/verbs/datasets/list-samples';
import { previewRows } from '@parapet/control/verbs/datasets/preview-rows';
import { splitDataset } from '@parapet/control/verbs/datasets/split-dataset';
import { mutation, query, router } from './base.ts';

export const datasetsRouter = router({
  list: query(listDatasets),
  get: query(getDataset),
  problems: query(listProblems),
  rows: query(previewRows),
  split: mutation(splitDataset),
  delete: mutation(deleteDataset),
  samples: query(listSampleDatasets),
  importSample: mutation(importSample),
});
