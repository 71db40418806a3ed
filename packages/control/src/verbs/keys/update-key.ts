import { ParapetError } from '@parapet/contracts/errors';
import { updateKeyInputSchema } from '@parapet/contracts/portal/keys';
import { apiKeys } from '@parapet/db/schema';
import { eq } from 'drizzle-orm';
import { changeableKey } from '../../keys/changeable-key.ts';
import { selectKeys } from '../../keys/key-view.ts';
import { defineVerb } from '../../verb.ts';

/** Changes a key's name, models and limits; in force everywhere within a second. Scopes and expiry stay as made. */
export const updateKey = defineVerb('keys.update', updateKeyInputSchema, ({ write, tenancy, principal, now }, input) =>
  write(async (tx) => {
    const before = await changeableKey(tx, { principal, tenancy }, input.keyId);
    const { keyId, monthlyBudgetMicros, ...rest } = input;
    const budget = monthlyBudgetMicros === undefined ? {} : { budgetMicros: monthlyBudgetMicros };
    await tx
      .update(apiKeys)
      .set({ ...rest, ...budget, updatedAt: now })
      .where(eq(apiKeys.id, keyId));
    const [view] = await selectKeys(tx, now, eq(apiKeys.id, keyId));
    if (!view) throw new ParapetError('internal', 'A key just changed is not there.');
    const { name, allowedModels, requestsPerMinute, tokensPerMinute, budgetMicros } = before;
    return {
      view,
      audit: {
        target: { kind: 'api_key', id: keyId },
        before: { name, allowedModels, requestsPerMinute, tokensPerMinute, monthlyBudgetMicros: budgetMicros },
        after: { ...rest, monthlyBudgetMicros },
      },
    };
  }),
);
