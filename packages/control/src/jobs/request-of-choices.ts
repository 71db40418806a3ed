import type { AdapterConfig } from '@parapet/contracts/adapter';
import { adapterConfigSchema } from '@parapet/contracts/adapter';
import { fromZodError, ParapetError } from '@parapet/contracts/errors';
import { type CreateFineTuningJob, createFineTuningJobSchema } from '@parapet/contracts/openai-fine-tuning';
import type { JobChoices } from '@parapet/contracts/portal/jobs';
import { adapterVersions, baseModels } from '@parapet/db/schema';
import type { TenantTx } from '@parapet/db/tenant';
import { and, eq } from 'drizzle-orm';

/** The portal's form as the API's request: both make the same job. */
export async function requestOfChoices(tx: TenantTx, choices: JobChoices): Promise<CreateFineTuningJob> {
  const request = createFineTuningJobSchema.safeParse({
    model: choices.baseModel ?? (await defaultBaseModel(tx)),
    training_file: choices.trainingFileId,
    validation_file: choices.validationFileId,
    suffix: choices.suffix,
    seed: choices.seed,
    method: {
      type: 'supervised',
      supervised: {
        hyperparameters: {
          n_epochs: choices.epochs,
          batch_size: choices.batchSize,
          learning_rate_multiplier: choices.learningRateMultiplier,
        },
      },
    },
    metadata: choices.metadata,
    parapet: {
      ...(choices.adapter === 'auto' ? {} : parapetOf(choices.adapter)),
      max_steps: choices.maxSteps ?? undefined,
      early_stopping_patience: choices.earlyStoppingPatience ?? undefined,
      warm_start_from: choices.warmStartFrom === null ? undefined : await callableName(tx, choices.warmStartFrom),
    },
  });
  if (!request.success) throw fromZodError(request.error);
  return request.data;
}

function parapetOf(config: AdapterConfig): NonNullable<CreateFineTuningJob['parapet']> {
  switch (config.method) {
    case 'para': {
      const { method, targets, bias, rank, pooler, activation } = config;
      return { method, targets, bias, rank, pooler, activation };
    }
    case 'lora': {
      const usual = adapterConfigSchema.parse({ method: 'lora', rank: config.rank });
      if (JSON.stringify(usual) !== JSON.stringify(adapterConfigSchema.parse(config))) {
        throw new ParapetError('unsupported_parameter', 'Of LoRA only the rank can be chosen.', { param: 'adapter' });
      }
      return { method: 'lora', rank: config.rank };
    }
    case 'ia3':
      return { method: 'ia3' };
  }
}

async function defaultBaseModel(tx: TenantTx): Promise<string> {
  const [base] = await tx.select({ name: baseModels.name }).from(baseModels).where(eq(baseModels.isDefault, true));
  if (!base) throw new ParapetError('engine_unavailable', 'No base model is there yet: a worker must register first.');
  return base.name;
}

/** A version's id or name as its callable name. */
async function callableName(tx: TenantTx, idOrName: string): Promise<string> {
  const mine = and(eq(adapterVersions.orgId, tx.tenantId), eq(adapterVersions.id, idOrName));
  const [version] = await tx.select({ model: adapterVersions.model }).from(adapterVersions).where(mine);
  return version?.model ?? idOrName;
}
