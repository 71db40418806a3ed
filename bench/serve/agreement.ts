/**
 * How far quantised serving is from fp32: argmax agreement and perplexity over passages of SQuAD's test split.
 * Command: npx tsx bench/serve/agreement.ts [positions] [part of a configuration's name]   (the last line is JSON)
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { agreementOf, perplexityOf, predict } from '@parapet/inference/agreement';
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
const base = perplexityOf(expected);
const rows = [];
for (const configuration of configurations) {
  if (configuration.ownKernels && kernels === null) continue;
  if (!configuration.name.includes(process.argv[3] ?? '')) continue;
  const runner = await open(configuration);
  const found = await predict(runner, texts);
  await runner.close();
  const row = {
    name: configuration.name,
    agreement: Number(agreementOf(expected, found).toFixed(4)),
    perplexity: Number(perplexityOf(found).toFixed(3)),
    perplexityChange: Number((perplexityOf(found) / base - 1).toFixed(5)),
  };
  rows.push(row);
  console.log(
    `${row.name.padEnd(28)} agreement ${(row.agreement * 100).toFixed(2)}%  perplexity ${row.perplexity} (${(row.perplexityChange * 100).toFixed(2)}%)`,
  );
}
printResult({ positions: expected.best.length, fp32Perplexity: Number(base.toFixed(3)), configurations: rows });
