import { ParapetError } from '@parapet/contracts/errors';
import { type CreatedKey, rotateKeyInputSchema } from '@parapet/contracts/portal/keys';
import { apiKeys } from '@parapet/db/schema';
import { eq } from 'drizzle-orm';
import { changeableKey } from '../../keys/changeable-key.ts';
import { mintKey } from '../../keys/key-format.ts';
import { selectKeys } from '../../keys/key-view.ts';
import { defineVerb } from '../../verb.ts';

/** A new secret with the old key's rights; the old one goes on working for the overlap, so that nothing breaks. */
export const rotateKey = defineVerb('keys.rotate', rotateKeyInputSchema, ({ write, tenancy, principal, now }, input) =>
  write(async (tx) => {
    const old = await changeableKey(tx, { principal, tenancy }, input.keyId);
    const [successor] = await tx.select({ id: apiKeys.id }).from(apiKeys).where(eq(apiKeys.rotatedFrom, old.id));
    if (successor) throw new ParapetError('conflict', `This key was rotated already, to ${successor.id}.`);
    const { id, hash, text, hint } = mintKey(now.getTime());
    const fresh = { id, hash, hint, rotatedFrom: old.id, lastUsedAt: null, createdAt: now, updatedAt: now };
    await tx.insert(apiKeys).values({ ...old, ...fresh });
    const overlapEnd = now.getTime() + input.overlapHours * 3_600_000;
    const expiresAt = new Date(Math.min(overlapEnd, old.expiresAt?.getTime() ?? Number.POSITIVE_INFINITY));
    await tx.update(apiKeys).set({ expiresAt, updatedAt: now }).where(eq(apiKeys.id, old.id));
    const [key] = await selectKeys(tx, now, eq(apiKeys.id, id));
    if (!key) throw new ParapetError('internal', 'A key just made is not there.');
    const view: CreatedKey = { key, secret: text };
    return {
      view,
      audit: {
        target: { kind: 'api_key', id: old.id },
        after: { replacedBy: id, expiresAt: expiresAt.toISOString() },
      },
    };
  }),
);
