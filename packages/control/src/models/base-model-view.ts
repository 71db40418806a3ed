import { ParapetError } from '@parapet/contracts/errors';
import type { BaseModelView, PriceView } from '@parapet/contracts/portal/admin';
import { registerServeWorkerSchema } from '@parapet/contracts/serve-worker';
import { adapters, baseModels, modelPrices, workers } from '@parapet/db/schema';
import type { Tx } from '@parapet/db/tenant';
import { and, asc, desc, eq, gt, isNull, lte, sql } from 'drizzle-orm';
import { summariseTasks, tasksOf } from './model-task-view.ts';

const liveMs = 10_000;

/** The price that holds for everyone without one of their plan's own. */
export async function priceOf(tx: Tx, model: string, currency: string, now: Date): Promise<PriceView | null> {
  const [row] = await tx
    .select()
    .from(modelPrices)
    .where(and(eq(modelPrices.model, model), isNull(modelPrices.planId), lte(modelPrices.effectiveFrom, now)))
    .orderBy(desc(modelPrices.effectiveFrom))
    .limit(1);
  if (!row) return null;
  return {
    model,
    currency,
    promptMicrosPerMillionTokens: row.promptMicrosPerMillion,
    completionMicrosPerMillionTokens: row.completionMicrosPerMillion,
    trainingMicrosPerGpuSecond: row.trainingMicrosPerGpuSecond,
    validFrom: row.effectiveFrom.getTime(),
  };
}

/** All base models by name, as the platform's admins see them. */
export async function selectBaseModels(tx: Tx, currency: string, now: Date): Promise<BaseModelView[]> {
  const rows = await tx
    .select({
      model: baseModels,
      adapters: sql<number>`(select count(*)::int from ${adapters} where ${adapters.baseDigest} = ${baseModels.digest})`,
    })
    .from(baseModels)
    .orderBy(asc(baseModels.name));
  const live = await tx
    .select({ digest: workers.baseDigest, registration: workers.registration })
    .from(workers)
    .where(and(eq(workers.kind, 'serve'), gt(workers.heartbeatAt, new Date(now.getTime() - liveMs))));
  const views: BaseModelView[] = [];
  for (const { model, adapters } of rows) {
    const { id, name, digest, source, weights, parameters, contextTokens, isDefault, state } = model;
    const serving = live.filter((worker) => worker.digest !== null && worker.digest === digest);
    const kinds = serving.map(({ registration }) => registerServeWorkerSchema.parse(registration).baseModel.weights);
    views.push({
      ...{ id, name, digest, source, weights, parameters, contextTokens, isDefault, state, adapters },
      workers: serving.length,
      served: [...new Set(kinds)].sort(),
      price: await priceOf(tx, name, currency, now),
      ...summariseTasks(await tasksOf(tx, id)),
      createdAt: model.createdAt.getTime(),
    });
  }
  return views;
}

/** The model, locked. @throws ParapetError `not_found` */
export async function requireBaseModel(tx: Tx, baseModelId: string): Promise<typeof baseModels.$inferSelect> {
  const [row] = await tx.select().from(baseModels).where(eq(baseModels.id, baseModelId)).for('update');
  if (!row) throw new ParapetError('not_found', 'There is no base model of that id.');
  return row;
}
