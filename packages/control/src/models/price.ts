import { modelPrices, organisations } from '@parapet/db/schema';
import type { Tx } from '@parapet/db/tenant';
import { and, desc, eq, inArray, isNull, lte, or, sql } from 'drizzle-orm';

export type Price = typeof modelPrices.$inferSelect;

/**
 * The price in force of a base model for an organisation: its plan's before everyone's, the model's own before `*`,
 * the newest first; null = nothing is charged. Settlement chooses by the same order (db/functions, parapet_price).
 */
export async function priceOf(tx: Tx, model: string, orgId: string | null, now: Date): Promise<Price | null> {
  const plan = sql`(select ${organisations.planId} from ${organisations} where ${organisations.id} = ${orgId})`;
  const [price] = await tx
    .select()
    .from(modelPrices)
    .where(
      and(
        inArray(modelPrices.model, [model, '*']),
        lte(modelPrices.effectiveFrom, now),
        orgId === null ? isNull(modelPrices.planId) : or(isNull(modelPrices.planId), eq(modelPrices.planId, plan)),
      ),
    )
    .orderBy(
      sql`${modelPrices.model} = '*'`,
      sql`${modelPrices.planId} is null`,
      desc(modelPrices.effectiveFrom),
      desc(modelPrices.id),
    )
    .limit(1);
  return price ?? null;
}
