import { ParapetError } from '@parapet/contracts/errors';
import { newId } from '@parapet/contracts/ids';
import { addBaseModelInputSchema, baseModelIdInputSchema, setPriceInputSchema } from '@parapet/contracts/portal/admin';
import { baseModels, modelPrices } from '@parapet/db/schema';
import { eq } from 'drizzle-orm';
import { z } from 'zod';
import { currencyOf } from '../../context.ts';
import { priceOf, requireBaseModel, selectBaseModels } from '../../models/base-model-view.ts';
import { defineVerb } from '../../verb.ts';

export const listBaseModels = defineVerb('admin.baseModels.list', z.void(), ({ read, services, now }) =>
  read((tx) => selectBaseModels(tx, currencyOf(services), now)),
);

/** Announces a base model; it is `loading` until a worker that was started with it registers. */
export const addBaseModel = defineVerb(
  'admin.baseModels.add',
  addBaseModelInputSchema,
  ({ write, services, now }, { name, source }) =>
    write(async (tx) => {
      const [taken] = await tx.select({ id: baseModels.id }).from(baseModels).where(eq(baseModels.name, name));
      if (taken) throw new ParapetError('conflict', `There is a base model named "${name}".`, { param: 'name' });
      const id = newId('baseModel', now.getTime());
      await tx.insert(baseModels).values({ id, name, source, state: 'loading', createdAt: now, updatedAt: now });
      return {
        view: await selectBaseModels(tx, currencyOf(services), now),
        audit: { target: { kind: 'base_model', id }, after: { name, source } },
      };
    }),
);

/** The one that new jobs and the playground begin with. */
export const setDefaultBaseModel = defineVerb(
  'admin.baseModels.setDefault',
  baseModelIdInputSchema,
  ({ write, services, now }, { baseModelId }) =>
    write(async (tx) => {
      const model = await requireBaseModel(tx, baseModelId);
      if (model.state !== 'ready')
        throw new ParapetError('conflict', `${model.name} is ${model.state}: only a ready model can be the default.`);
      await tx.update(baseModels).set({ isDefault: false, updatedAt: now }).where(eq(baseModels.isDefault, true));
      await tx.update(baseModels).set({ isDefault: true, updatedAt: now }).where(eq(baseModels.id, baseModelId));
      return {
        view: await selectBaseModels(tx, currencyOf(services), now),
        audit: { target: { kind: 'base_model', id: baseModelId }, after: { default: model.name } },
      };
    }),
);

/** No new jobs on it; what was trained on it is served as long as a worker has it. */
export const retireBaseModel = defineVerb(
  'admin.baseModels.retire',
  baseModelIdInputSchema,
  ({ write, services, now }, { baseModelId }) =>
    write(async (tx) => {
      const model = await requireBaseModel(tx, baseModelId);
      if (model.isDefault)
        throw new ParapetError('conflict', 'This is the default model: make another one the default first.');
      await tx.update(baseModels).set({ state: 'retired', updatedAt: now }).where(eq(baseModels.id, baseModelId));
      return {
        view: await selectBaseModels(tx, currencyOf(services), now),
        audit: {
          target: { kind: 'base_model', id: baseModelId },
          before: { state: model.state },
          after: { state: 'retired' },
        },
      };
    }),
);

/** Takes a retirement back: it can be called and trained on again. */
export const restoreBaseModel = defineVerb(
  'admin.baseModels.restore',
  baseModelIdInputSchema,
  ({ write, services, now }, { baseModelId }) =>
    write(async (tx) => {
      const model = await requireBaseModel(tx, baseModelId);
      if (model.state !== 'retired') throw new ParapetError('conflict', `${model.name} is not retired.`);
      const state = model.digest === null ? ('loading' as const) : ('ready' as const);
      await tx.update(baseModels).set({ state, updatedAt: now }).where(eq(baseModels.id, baseModelId));
      return {
        view: await selectBaseModels(tx, currencyOf(services), now),
        audit: { target: { kind: 'base_model', id: baseModelId }, before: { state: 'retired' }, after: { state } },
      };
    }),
);

/** A new price, from now on: what is held already settles at the price it was held at. */
export const setPrice = defineVerb(
  'admin.baseModels.setPrice',
  setPriceInputSchema,
  ({ write, services, now }, input) =>
    write(async (tx) => {
      const currency = currencyOf(services);
      if (input.currency !== currency) {
        throw new ParapetError('invalid_request', `Prices are in ${currency} on this platform.`, { param: 'currency' });
      }
      const before = await priceOf(tx, input.model, currency, now);
      await tx.insert(modelPrices).values({
        id: crypto.randomUUID(),
        model: input.model,
        promptMicrosPerMillion: input.promptMicrosPerMillionTokens,
        completionMicrosPerMillion: input.completionMicrosPerMillionTokens,
        trainingMicrosPerGpuSecond: input.trainingMicrosPerGpuSecond,
        effectiveFrom: now,
      });
      return {
        view: await selectBaseModels(tx, currency, now),
        audit: { target: { kind: 'price', id: input.model }, before: before ?? undefined, after: input },
      };
    }),
);
