import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type AdapterConfig, adapterConfigSchema } from '@parapet/contracts/adapter';
import type { BaseModel } from '@parapet/models/open';
import { initAdapter } from '@parapet/para/init';
import { BatchPlan, paddedColumns } from '@parapet/training/batches';
import { encodeRows } from '@parapet/training/rows';
import { z } from 'zod';
import { writeTransformers } from '../gpu/export-model.ts';
import { mailRows } from './mail-rows.ts';

const sequenceSchema = z.object({ tokens: z.array(z.int()), promptTokens: z.int() });
export type PlannedSequence = z.infer<typeof sequenceSchema>;

/** What both sides are given: the same sequences in the same batches, the same start, the same schedule. */
export const planSchema = z.object({
  steps: z.array(z.object({ columns: z.int(), learningRate: z.number(), sequences: z.array(sequenceSchema) })),
  valid: z.array(z.object({ columns: z.int(), sequences: z.array(sequenceSchema) })),
  threads: z.int(),
  seed: z.int(),
  clipNorm: z.number(),
});
export type Plan = z.infer<typeof planSchema>;

/** LoRA as the peer has it. */
export const peerConfig: AdapterConfig = adapterConfigSchema.parse({
  ...{ method: 'lora', linears: ['q', 'v', 'up'], rank: 16, alpha: 32 },
});

/** Writes `plan.json`, `lora.json` (the first A matrices) and the base model for `transformers` to a folder. */
export async function writePlan(
  model: BaseModel,
  folder: string,
  options: { steps: number; batchSize: number; threads: number; seed: number; learningRate: number },
): Promise<Plan> {
  mkdirSync(folder, { recursive: true });
  const { steps, batchSize, threads, seed, learningRate } = options;
  const validRows = 64;
  const sequences = await encodeRows(mailRows(steps * batchSize + validRows), model, 512);
  const planned = sequences.map(({ tokens, promptTokens }) => ({ tokens: [...tokens], promptTokens }));
  const [train, valid] = [planned.slice(validRows), planned.slice(0, validRows)];
  const batches = new BatchPlan(
    train.map(({ tokens }) => tokens.length),
    batchSize,
    seed,
  );
  const padded = (rows: PlannedSequence[]) => ({
    columns: paddedColumns(Math.max(...rows.map(({ tokens }) => tokens.length))),
    sequences: rows,
  });
  const plan: Plan = {
    steps: Array.from({ length: steps }, (_, step) => ({
      ...padded(batches.batch(step).map((i) => train[i]!)),
      learningRate: (learningRate * (steps - step)) / steps,
    })),
    valid: Array.from({ length: validRows / batchSize }, (_, i) =>
      padded(valid.slice(i * batchSize, (i + 1) * batchSize)),
    ),
    ...{ threads, seed, clipNorm: 1 },
  };
  writeFileSync(join(folder, 'plan.json'), JSON.stringify(plan));
  const first = [...initAdapter(peerConfig, model.spec, seed)].filter(([name]) => name.endsWith('.a'));
  writeFileSync(
    join(folder, 'lora.json'),
    JSON.stringify(Object.fromEntries(first.map(([name, x]) => [name, [...x]]))),
  );
  writeTransformers(model, join(folder, 'transformers'));
  return plan;
}
