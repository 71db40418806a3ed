import { aliasBack } from '@parapet/control/verbs/adapters/alias-back';
import { deleteAdapter } from '@parapet/control/verbs/adapters/delete-adapter';
import { deleteAdapterVersion } from '@parapet/control/verbs/adapters/delete-version';
import { getAdapter } from '@parapet/control/verbs/adapters/get-adapter';
import { getEvaluation } from '@parapet/control/verbs/adapters/get-evaluation';
import { getLineage } from '@parapet/control/verbs/adapters/get-lineage';
import { getVectors } from '@parapet/control/verbs/adapters/get-vectors';
import { listAdapters } from '@parapet/control/verbs/adapters/list-adapters';
import { moveAlias } from '@parapet/control/verbs/adapters/move-alias';
import { removeAlias } from '@parapet/control/verbs/adapters/remove-alias';
import { renameAdapter } from '@parapet/control/verbs/adapters/rename-adapter';
import { listModels } from '@parapet/control/verbs/models/list-models';
import { mutation, query, router } from './base.ts';

export const adaptersRouter = router({
  list: query(listAdapters),
  get: query(getAdapter),
  lineage: query(getLineage),
  evaluation: query(getEvaluation),
  vectors: query(getVectors),
  moveAlias: mutation(moveAlias),
  aliasBack: mutation(aliasBack),
  removeAlias: mutation(removeAlias),
  rename: mutation(renameAdapter),
  deleteVersion: mutation(deleteAdapterVersion),
  delete: mutation(deleteAdapter),
});

/** What can be called: the playground's and the new job's choice. */
export const modelsRouter = router({ list: query(listModels) });
