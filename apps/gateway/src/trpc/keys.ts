import { createKey } from '@parapet/control/verbs/keys/create-key';
import { listKeys } from '@parapet/control/verbs/keys/list-keys';
import { revokeKey } from '@parapet/control/verbs/keys/revoke-key';
import { rotateKey } from '@parapet/control/verbs/keys/rotate-key';
import { updateKey } from '@parapet/control/verbs/keys/update-key';
import { mutation, query, router } from './base.ts';

export const keysRouter = router({
  list: query(listKeys),
  create: mutation(createKey),
  update: mutation(updateKey),
  rotate: mutation(rotateKey),
  revoke: mutation(revokeKey),
});
