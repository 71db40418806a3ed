import type { AdapterConfig } from '@parapet/contracts/adapter';
import type { BaseModel } from '@parapet/models/open';
import type { Accelerator } from '@parapet/runtime/accelerator';
import { microBatches } from '@parapet/training/batches';
import { CudaTrainer } from '@parapet/training/cuda-trainer';
import { promptOf } from './engine-bench.ts';

/** Of the adapter's first numbers, which the reference is given too. */
export const trainSeed = 1;

export interface TrainFigures {
  tokensPerSecond: number;
  stepMs: number;
  /** Of it, device time by events. */
  deviceMs: number;
  /** From nothing to the first step's end: weights on the card, kernels compiled. */
  startSeconds: number;
  /** Mean loss a target at the first step and after `steps`. */
  firstLoss: number;
  lastLoss: number;
  /** The loss at steps 1, 10, 20, 30 … */
  losses: number[];
}

/** The batch that both sides train on: `rows` sequences of `columns` tokens, all but the first half of each a target. */
export function trainingTokens(model: BaseModel, rows: number, columns: number): number[][] {
  return Array.from({ length: rows }, (_, row) => promptOf(model, columns, 90_000 + row));
}

export interface TrainSize {
  weightsFolder: string;
  rows: number;
  columns: number;
  steps: number;
  /** Whether a step is one recorded piece of work, as the product has it. */
  record: boolean;
}

/** Trains one adapter for some steps on one batch, through the product's own trainer. */
export async function trainFigures(
  model: BaseModel,
  accelerator: Accelerator,
  config: AdapterConfig,
  { weightsFolder, rows, columns, steps, record }: TrainSize,
): Promise<TrainFigures> {
  const began = performance.now();
  const trainer = await CudaTrainer.create({ accelerator, model, config, seed: trainSeed, weightsFolder, record });
  const sequences = trainingTokens(model, rows, columns).map((tokens, row) => ({
    ...{ tokens: Int32Array.from(tokens), promptTokens: columns >> 1, row },
  }));
  const [batch] = microBatches(sequences, { maxTokens: rows * columns, maxTargets: rows * columns });
  const settings = { learningRate: 1e-3, weightDecay: 0, clipNorm: 1 };
  const losses: number[] = [];
  const times: number[] = [];
  const device: number[] = [];
  let startSeconds = 0;
  for (let step = 1; step <= steps; step++) {
    const start = performance.now();
    accelerator.mark('start');
    const { loss } = await trainer.accumulate(batch!, 1 / batch!.labels.length);
    trainer.step(step, settings);
    accelerator.mark('end');
    await accelerator.idle();
    times.push(performance.now() - start);
    device.push(accelerator.elapsedMicros() / 1000);
    losses.push(loss);
    if (step === 1) startSeconds = (performance.now() - began) / 1000;
  }
  await trainer.release();
  const settled = (values: number[]) => {
    const sorted = values.slice(Math.min(3, values.length - 1)).sort((a, b) => a - b);
    return sorted[sorted.length >> 1]!;
  };
  const stepMs = settled(times);
  return {
    ...{ stepMs, deviceMs: settled(device), tokensPerSecond: (rows * columns * 1000) / stepMs, startSeconds },
    ...{ firstLoss: losses[0]!, lastLoss: losses.at(-1)! },
    losses: losses.filter((_, i) => i === 0 || (i + 1) % 10 === 0),
  };
}
