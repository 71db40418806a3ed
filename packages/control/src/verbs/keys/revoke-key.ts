import { ParapetError } from '@parapet/contracts/errors';
import { keyIdInputSchema } from '@parapet/contracts/portal/keys';
import { apiKeys } from '@parapet/db/schema';
import { eq } from 'drizzle-orm';
import { changeableKey } from '../../keys/changeable-key.ts';
import { selectKeys } from '../../keys/key-view.ts';
import { defineVerb } from '../../verb.ts';

/** Ends a key for good; refused everywhere within a second. */
export const revokeKey = defineVerb('keys.revoke', keyIdInputSchema, ({ write, tenancy, principal, now }, input) =>
  write(async (tx) => {
    const key = await changeableKey(tx, { principal, tenancy }, input.keyId);
    await tx.update(apiKeys).set({ revokedAt: now, updatedAt: now }).where(eq(apiKeys.id, key.id));
    const [view] = await selectKeys(tx, now, eq(apiKeys.id, key.id));
    if (!view) throw new ParapetError('internal', 'A key just revoked is not there.');
    return { view, audit: { target: { kind: 'api_key', id: key.id }, before: { name: key.name } } };
  }),
);
