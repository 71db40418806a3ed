/** One side of the training benchmark, in a process of its own: ours.ts FOLDER MODEL para|para-wide|lora. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type AdapterConfig, adapterConfigSchema } from '@parapet/contracts/adapter';
import { openModel } from '@parapet/models/open';
import { Runtime } from '@parapet/runtime';
import { type MicroBatchLimits, microBatches } from '@parapet/training/batches';
import { findOperators } from '@parapet/training/kernels';
import { ModelTrainer } from '@parapet/training/trainer';
import { type Plan, type PlannedSequence, peerConfig, planSchema } from './plan.ts';

const [folder = '', modelDir = '', method = 'lora'] = process.argv.slice(2);
const configs: Record<string, AdapterConfig> = {
  lora: peerConfig,
  para: adapterConfigSchema.parse({ method: 'para' }),
  'para-wide': adapterConfigSchema.parse({ method: 'para', targets: 'wide', bias: true }),
};

const plan: Plan = planSchema.parse(JSON.parse(readFileSync(join(folder, 'plan.json'), 'utf8')));
const model = await openModel(modelDir);
const found = findOperators(folder);
const trainer = await ModelTrainer.create({
  operators: found.operators,
  ...{ runtime: Runtime.open(), model, config: configs[method]!, seed: plan.seed },
  ...{ weightsFolder: folder, session: { threads: plan.threads } },
});
const limits: MicroBatchLimits = { maxTokens: 2048, maxTargets: 512 };
const whole = (sequences: PlannedSequence[]) =>
  microBatches(
    sequences.map(({ tokens, promptTokens }, row) => ({ tokens: Int32Array.from(tokens), promptTokens, row })),
    limits,
  )[0]!;

const losses: number[] = [];
const seconds: number[] = [];
let cpuSeconds = 0;
let tokens = 0;
for (const [i, { sequences, learningRate }] of plan.steps.entries()) {
  const batch = whole(sequences);
  const start = performance.now();
  const cpu = process.cpuUsage();
  const { loss } = await trainer.accumulate(batch, 1 / batch.labels.length);
  trainer.step(i + 1, { learningRate, weightDecay: 0, clipNorm: plan.clipNorm });
  const took = (performance.now() - start) / 1000;
  losses.push(loss);
  if (i === 0) continue; // the session is made in the first
  seconds.push(took);
  const { user, system } = process.cpuUsage(cpu);
  cpuSeconds += (user + system) / 1e6;
  tokens += batch.tokenCount;
}
// The peak is the training's: what validation takes beyond it is no part of the comparison.
const peakMemoryBytes = 1024 * Number(/VmHWM:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]);
let validLoss = 0;
let targets = 0;
for (const { sequences } of plan.valid) {
  const batch = whole(sequences);
  validLoss += (await trainer.evaluate(batch, 1)).loss;
  targets += batch.labels.length;
}
const total = seconds.reduce((sum, x) => sum + x, 0);
console.log(
  JSON.stringify({
    tokensPerSecond: tokens / total,
    tokensPerCpuSecond: tokens / cpuSeconds,
    stepSeconds: total / seconds.length,
    losses,
    validLoss: validLoss / targets,
    peakMemoryBytes,
  }),
);
await trainer.release();
