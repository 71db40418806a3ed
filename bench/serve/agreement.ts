/**
 * How far quantised serving is from fp32: argmax agreement and perplexity over passages of SQuAD's test split.
 * Command: npx tsx bench/serve/agreement.ts [positions] [part of a configuration's name]   (the last line is JSON)
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { calibrationTexts } from '@parapet/inference/calibration';
import { cpuDevice } from '@parapet/inference/cpu-device';
import { findKernels } from '@parapet/inference/cpu-kernels';
import type { ModelRunner } from '@parapet/inference/device';
import { openServingWeights, type WeightKind } from '@parapet/inference/weights';
import type { BaseModel } from '@parapet/models/open';
import { openBaseModel } from '@parapet/models/testing-base';
import { printResult } from '../harness/report.ts';
import { benchDataDir, kernelsFolder, weightsFolder } from './folders.ts';

const threads = 2;
/** Tokens of a passage that are read; the prediction of each next one is compared. */
const passageTokens = 192;

interface Configuration {
  name: string;
  kind: WeightKind;
  blockSize: number;
  quantiseKv: boolean;
  ownKernels?: boolean;
}

const configurations: Configuration[] = [
  { name: 'int8, our kernels, float32 cache', kind: 'int8', blockSize: 64, quantiseKv: false, ownKernels: true },
  { name: 'int8, our kernels, int8 cache', kind: 'int8', blockSize: 64, quantiseKv: true, ownKernels: true },
  { name: 'int8 b16, float32 cache', kind: 'int8', blockSize: 16, quantiseKv: false },
  { name: 'int8 b16, int8 cache', kind: 'int8', blockSize: 16, quantiseKv: true },
  { name: 'int8 b32, int8 cache', kind: 'int8', blockSize: 32, quantiseKv: true },
  { name: 'q4 (Q4_1 exactly), int8 cache', kind: 'q4', blockSize: 16, quantiseKv: true },
  { name: 'int8 b64, int8 cache', kind: 'int8', blockSize: 64, quantiseKv: true },
];

/** The passages as tokens, until they have that many positions. */
function passages(model: BaseModel, positions: number): number[][] {
  const file = join(benchDataDir, 'squad', 'test.jsonl');
  if (!existsSync(file)) throw new Error(`${file} is missing: set PARAPET_BENCH_DATA to the folder of the data sets.`);
  const found: number[][] = [];
  const seen = new Set<string>();
  let count = 0;
  for (const line of readFileSync(file, 'utf8').split('\n')) {
    if (count >= positions || line === '') break;
    const { prompt } = JSON.parse(line) as { prompt: string };
    const passage = prompt.slice('Context:'.length, prompt.lastIndexOf('Question:')).trim();
    if (seen.has(passage)) continue;
    seen.add(passage);
    const tokens = model.tokenizer.encode(passage).slice(0, passageTokens);
    if (tokens.length < 16) continue;
    found.push(tokens);
    count += tokens.length - 1;
  }
  return found;
}

/** What a configuration predicts: the likeliest token of each position, and the log-probability of the one that came. */
async function predict(runner: ModelRunner, texts: number[][]): Promise<{ best: number[]; logprobs: number[] }> {
  const best: number[] = [];
  const logprobs: number[] = [];
  for (const tokens of texts) {
    const run = runner.beginPrefill(0, tokens, { kind: 'base' });
    await run.advance(run.remainingLayers);
    const logits = await run.promptLogits(0, tokens.length - 1);
    run.release();
    for (let position = 0; position + 1 < tokens.length; position++) {
      const row = logits.subarray(position * runner.vocab, (position + 1) * runner.vocab);
      let top = 0;
      for (let i = 1; i < row.length; i++) if (row[i]! > row[top]!) top = i;
      let sum = 0;
      for (let i = 0; i < row.length; i++) sum += Math.exp(row[i]! - row[top]!);
      best.push(top);
      logprobs.push(row[tokens[position + 1]!]! - row[top]! - Math.log(sum));
    }
  }
  return { best, logprobs };
}

const perplexity = (logprobs: number[]) => Math.exp(-logprobs.reduce((sum, x) => sum + x, 0) / logprobs.length);

const model = await openBaseModel();
const texts = passages(model, Number(process.argv[2] ?? 2400));
const { kernels } = findKernels(kernelsFolder);
const open = async ({ kind, blockSize, quantiseKv, ownKernels }: Configuration): Promise<ModelRunner> => {
  const device = cpuDevice({ threads, kernels: ownKernels ? kernels : null });
  return await device.createRunner({
    spec: model.spec,
    weights: openServingWeights({ model, kind, folder: weightsFolder, blockSize, layout: device.weightLayout }),
    maxRows: 1,
    kvTokens: 1024,
    calibration: quantiseKv ? calibrationTexts(model) : undefined,
  });
};

const reference = await open({ name: 'fp32', kind: 'fp32', blockSize: 32, quantiseKv: false });
const expected = await predict(reference, texts);
await reference.close();
const base = perplexity(expected.logprobs);
const rows = [];
for (const configuration of configurations) {
  if (configuration.ownKernels && kernels === null) continue;
  if (!configuration.name.includes(process.argv[3] ?? '')) continue;
  const runner = await open(configuration);
  const found = await predict(runner, texts);
  await runner.close();
  const same = found.best.filter((id, i) => id === expected.best[i]).length;
  const row = {
    name: configuration.name,
    agreement: Number((same / expected.best.length).toFixed(4)),
    perplexity: Number(perplexity(found.logprobs).toFixed(3)),
    perplexityChange: Number((perplexity(found.logprobs) / base - 1).toFixed(5)),
  };
  rows.push(row);
  console.log(
    `${row.name.padEnd(28)} agreement ${(row.agreement * 100).toFixed(2)}%  perplexity ${row.perplexity} (${(row.perplexityChange * 100).toFixed(2)}%)`,
  );
}
printResult({ positions: expected.best.length, fp32Perplexity: Number(base.toFixed(3)), configurations: rows });
