import { isAbsolute } from 'node:path';
import { ParapetError } from '@parapet/contracts/errors';
import { newId } from '@parapet/contracts/ids';
import type { ModelTaskKind, QuantisedWeights } from '@parapet/contracts/model-task';
import { baseModelIdInputSchema, quantiseInputSchema } from '@parapet/contracts/portal/admin';
import { type baseModels, modelTasks } from '@parapet/db/schema';
import type { Tx } from '@parapet/db/tenant';
import { and, eq, inArray } from 'drizzle-orm';
import { currencyOf } from '../../context.ts';
import { requireBaseModel, selectBaseModels } from '../../models/base-model-view.ts';
import { tasksOf } from '../../models/model-task-view.ts';
import { defineVerb } from '../../verb.ts';

/** Ended tasks that a model keeps, the newest; what the page shows is always among them. */
const keptTasks = 20;

interface Asked {
  kind: ModelTaskKind;
  weights: QuantisedWeights | null;
}

async function ask(
  tx: Tx,
  model: typeof baseModels.$inferSelect,
  { kind, weights }: Asked,
  now: Date,
): Promise<string> {
  const rows = await tasksOf(tx, model.id);
  const open = rows.find(({ status }) => status === 'queued' || status === 'running');
  if (open) {
    const doing = open.kind === 'verify' ? 'verified' : 'quantised';
    throw new ParapetError('conflict', `${model.name} is being ${doing} already: wait for it, or cancel that first.`);
  }
  const old = rows.filter((row, at) => {
    const latest = rows.findIndex((other) => other.kind === row.kind && other.weights === row.weights) === at;
    return at >= keptTasks && !latest;
  });
  const oldIds = old.map(({ id }) => id);
  if (oldIds.length > 0) await tx.delete(modelTasks).where(inArray(modelTasks.id, oldIds));
  const id = newId('modelTask', now.getTime());
  await tx.insert(modelTasks).values({ id, baseModelId: model.id, kind, weights, createdAt: now, updatedAt: now });
  return id;
}

/** Has a worker hold a model's files, tensors, tokenizer and answers to what they should be, in the background. */
export const verifyBaseModel = defineVerb(
  'admin.baseModels.verify',
  baseModelIdInputSchema,
  ({ write, services, now }, { baseModelId }) =>
    write(async (tx) => {
      const model = await requireBaseModel(tx, baseModelId);
      if (model.digest === null && !isAbsolute(model.source)) {
        throw new ParapetError(
          'conflict',
          `No worker has loaded ${model.name} yet. Put the files of ${model.source} into a folder on a worker and start it with PARAPET_MODEL_DIR and PARAPET_MODEL_NAME=${model.name}; then verify it.`,
        );
      }
      const taskId = await ask(tx, model, { kind: 'verify', weights: null }, now);
      return {
        view: await selectBaseModels(tx, currencyOf(services), now),
        audit: { target: { kind: 'base_model', id: baseModelId }, after: { verify: model.name, taskId } },
      };
    }),
);

/** Has a worker make a model's 8-bit or 4-bit weights ahead of their first use, and measure them against 32 bits. */
export const quantiseBaseModel = defineVerb(
  'admin.baseModels.quantise',
  quantiseInputSchema,
  ({ write, services, now }, { baseModelId, weights }) =>
    write(async (tx) => {
      const model = await requireBaseModel(tx, baseModelId);
      if (model.digest === null) {
        throw new ParapetError('conflict', `No worker has loaded ${model.name} yet: start one with it first.`);
      }
      const taskId = await ask(tx, model, { kind: 'quantise', weights }, now);
      return {
        view: await selectBaseModels(tx, currencyOf(services), now),
        audit: { target: { kind: 'base_model', id: baseModelId }, after: { quantise: model.name, weights, taskId } },
      };
    }),
);

/** Ends a task that waits or runs; its worker hears of it at its next report and drops it. */
export const cancelModelTask = defineVerb(
  'admin.baseModels.cancelTask',
  baseModelIdInputSchema,
  ({ write, services, now }, { baseModelId }) =>
    write(async (tx) => {
      await requireBaseModel(tx, baseModelId);
      const [ended] = await tx
        .update(modelTasks)
        .set({ status: 'failed', error: 'Cancelled.', leaseExpiresAt: null, finishedAt: now, updatedAt: now })
        .where(and(eq(modelTasks.baseModelId, baseModelId), inArray(modelTasks.status, ['queued', 'running'])))
        .returning();
      return {
        view: await selectBaseModels(tx, currencyOf(services), now),
        audit: ended
          ? { target: { kind: 'base_model', id: baseModelId }, after: { cancelled: ended.kind, taskId: ended.id } }
          : null,
      };
    }),
);
