import type { AdapterConfig } from '@parapet/contracts/adapter';
import type { BaseModel } from '@parapet/models/open';
import type { Runtime, SessionOptions } from '@parapet/runtime';
import { microBatches } from '@parapet/training/batches';
import { ModelTrainer } from '@parapet/training/trainer';
import { promptOf } from './engine-bench.ts';

export interface TrainFigures {
  tokensPerSecond: number;
  stepMs: number;
  /** Mean loss a target at the first step and after `steps`. */
  firstLoss: number;
  lastLoss: number;
}

/** The batch that both sides train on: `rows` sequences of `columns` tokens, all but the first half of each a target. */
export function trainingTokens(model: BaseModel, rows: number, columns: number): number[][] {
  return Array.from({ length: rows }, (_, row) => promptOf(model, columns, 90_000 + row));
}

/** Trains one adapter for some steps on one batch, through the product's own trainer. */
export async function trainFigures(
  model: BaseModel,
  runtime: Runtime,
  session: SessionOptions,
  config: AdapterConfig,
  { weightsFolder, rows, columns, steps }: { weightsFolder: string; rows: number; columns: number; steps: number },
): Promise<TrainFigures> {
  const trainer = await ModelTrainer.create({ runtime, model, config, seed: 1, weightsFolder, session });
  const sequences = trainingTokens(model, rows, columns).map((tokens, row) => ({
    ...{ tokens: Int32Array.from(tokens), promptTokens: columns >> 1, row },
  }));
  const [batch] = microBatches(sequences, { maxTokens: rows * columns, maxTargets: rows * columns });
  const settings = { learningRate: 1e-3, weightDecay: 0, clipNorm: 1 };
  const losses: number[] = [];
  const times: number[] = [];
  for (let step = 1; step <= steps; step++) {
    const start = performance.now();
    const { loss } = await trainer.accumulate(batch!, 1 / batch!.labels.length);
    trainer.step(step, settings);
    times.push(performance.now() - start);
    losses.push(loss);
  }
  await trainer.release();
  const settled = times.slice(Math.min(3, times.length - 1)).sort((a, b) => a - b);
  const stepMs = settled[settled.length >> 1]!;
  return { stepMs, tokensPerSecond: (rows * columns * 1000) / stepMs, firstLoss: losses[0]!, lastLoss: losses.at(-1)! };
}
