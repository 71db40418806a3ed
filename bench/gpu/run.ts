/**
 * The GPU suite: checks a card against the CPU engine, then times it, in one go. See README.md here.
 *
 *   run.ts --model FOLDER_OR_GGUF [--parts check,decode,prompt,train,export] [--libraries DIR[:DIR]] [--ort FILE]
 *          [--out FILE] [--work DIR] [--rehearse]
 */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { AdapterConfig } from '@parapet/contracts/adapter';
import { cpuDevice } from '@parapet/inference/cpu-device';
import { cudaDevice } from '@parapet/inference/cuda-device';
import { CudaRunner } from '@parapet/inference/cuda-runner';
import type { Device } from '@parapet/inference/device';
import { AdapterShelf } from '@parapet/inference/testing';
import { type BaseModel, openModel } from '@parapet/models/open';
import { tinyModel } from '@parapet/models/testing';
import { Runtime } from '@parapet/runtime';
import type { DeviceType } from '@parapet/runtime/accelerator';
import { HostAccelerator } from '@parapet/runtime/testing-accelerator';
import { describeMachine } from '../harness/report.ts';
import { agreement, references } from './agreement.ts';
import { type DecodeFigures, decodeFigures, firstTokenMs, startBench } from './engine-bench.ts';
import { trainFigures, trainingTokens } from './train-bench.ts';

const { values: args } = parseArgs({
  options: {
    model: { type: 'string' },
    parts: { type: 'string', default: 'check,decode,prompt' },
    libraries: { type: 'string' },
    ort: { type: 'string' },
    out: { type: 'string' },
    work: { type: 'string', default: mkdtempSync(join(tmpdir(), 'parapet-gpu-')) },
    /** Runs everything on a tiny model with the kernels emulated on the host: the numbers mean nothing. */
    rehearse: { type: 'boolean', default: false },
  },
});
const rehearse = args.rehearse;
const parts = new Set(args.parts.split(','));
mkdirSync(args.work, { recursive: true });

const results: Record<string, unknown> =
  args.out !== undefined && existsSync(args.out) ? JSON.parse(readFileSync(args.out, 'utf8')) : {};
const startedAt = performance.now();

function note(values: Record<string, unknown>): void {
  Object.assign(results, values);
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  console.log(`[${seconds} s] ${JSON.stringify(values)}`);
  if (args.out !== undefined) writeFileSync(args.out, `${JSON.stringify(results, null, 2)}\n`);
}

const para = (targets: 'qvu' | 'wide'): AdapterConfig => ({
  ...{ method: 'para', targets, bias: false, rank: 12, pooler: 'mean', activation: 'gelu' },
});

function gpu(type: DeviceType): Device {
  if (!rehearse) return cudaDevice({ type, libraryPath: args.libraries });
  return {
    ...{ kind: 'cuda', name: 'emulated on the host', weightKind: 'fp32' },
    createRunner: async (options) => CudaRunner.create(new HostAccelerator(), type, options),
  };
}

async function check(model: BaseModel): Promise<void> {
  const shelf = new AdapterShelf(model);
  const digests = Array.from({ length: 8 }, (_, i) => shelf.add(para('qvu'), i + 1, 0.02));
  const size = rehearse ? { count: 3, tokens: 6 } : { count: 50, tokens: 64 };
  const expected = await references(model, cpuDevice({ threads: rehearse ? 1 : 8 }), shelf, digests, {
    ...size,
    folder: args.work,
  });
  note({ reference_tokens: expected.reduce((sum, { tokens }) => sum + tokens.length, 0) });
  for (const type of ['float32', 'float16'] as const) {
    note({ [`agreement_${type}`]: await agreement(model, gpu(type), shelf, digests, expected, args.work) });
  }
}

async function decode(model: BaseModel): Promise<void> {
  const shelf = new AdapterShelf(model);
  const digests = Array.from({ length: rehearse ? 2 : 64 }, (_, i) => shelf.add(para('qvu'), i + 100, 0.02));
  const maxRows = rehearse ? 4 : 256;
  const bench = await startBench(model, gpu('float16'), shelf, args.work, maxRows, rehearse ? 2048 : 160_000);
  note({ gpu: rehearse ? 'none' : gpuName });
  const rowCounts = rehearse ? [1, 3] : [1, 16, 64, 256];
  const length = (rows: number) => (rehearse ? 12 : rows >= 256 ? 200 : 236);
  for (const rows of rowCounts) {
    const fullSteps = rehearse ? 6 : rows >= 256 ? 240 : 160;
    const options = { prompt: length(rows), fullSteps };
    const sides: Record<'base' | 'para', DecodeFigures[]> = { base: [], para: [] };
    for (let round = 0; round < (rehearse ? 1 : 2); round++) {
      sides.base.push(await decodeFigures(bench, rows, null, options));
      sides.para.push(await decodeFigures(bench, rows, digests, options));
    }
    const best = (figures: DecodeFigures[], key: 'stepMs' | 'deviceMs') => Math.min(...figures.map((one) => one[key]));
    const taxOf = (key: 'stepMs' | 'deviceMs') => best(sides.para, key) / best(sides.base, key) - 1;
    note({
      [`step_ms_${rows}`]: best(sides.para, 'stepMs'),
      [`base_step_ms_${rows}`]: best(sides.base, 'stepMs'),
      [`device_ms_${rows}`]: best(sides.para, 'deviceMs'),
      [`base_device_ms_${rows}`]: best(sides.base, 'deviceMs'),
      [`para_tax_${rows}`]: taxOf('stepMs'),
      [`para_device_tax_${rows}`]: taxOf('deviceMs'),
      [`rounds_${rows}`]: sides,
    });
  }
  await promptFigures(bench, digests);
  await bench.engine.close();
}

async function promptFigures(bench: Awaited<ReturnType<typeof startBench>>, digests: readonly string[]): Promise<void> {
  const prompt = rehearse ? 20 : 512;
  note({ ttft_ms_512: await firstTokenMs(bench, prompt, digests[0]!) });
  note({ ttft_ms_512_base: await firstTokenMs(bench, prompt, null) });
  const rows = rehearse ? 2 : 64;
  const stalled = await decodeFigures(bench, rows, digests, {
    ...{ prompt: rehearse ? 8 : 200, fullSteps: rehearse ? 12 : 200 },
    during: async () => {
      await new Promise((resolve) => setTimeout(resolve, rehearse ? 10 : 900));
      await firstTokenMs(bench, prompt, digests[1]!);
    },
  });
  note({ longest_gap_ms_64_while_a_prompt_of_512_enters: stalled.longestGapMs });
}

async function train(model: BaseModel): Promise<void> {
  const runtime = Runtime.open({ libraryPath: args.ort });
  const lora: AdapterConfig = { method: 'lora', linears: ['q', 'v', 'up'], rank: 16, alpha: 32 };
  const size = rehearse ? { rows: 2, columns: 16, steps: 4 } : { rows: 16, columns: 128, steps: 40 };
  const cuda = { providers: [{ name: 'cuda', options: { use_tf32: '1' } }] };
  for (const [name, config] of [
    ['lora', lora],
    ['para', para('qvu')],
  ] as const) {
    const session = rehearse ? {} : cuda;
    const figures = await trainFigures(model, runtime, session, config, { weightsFolder: args.work, ...size });
    note({ [`train_${name}`]: figures });
  }
}

/** What the Python references need: the weights as `transformers` reads them, and the training batch. */
async function exportReferences(model: BaseModel): Promise<void> {
  const { writeTransformers } = await import('./export-model.ts');
  writeTransformers(model, join(args.work, 'hf'));
  const tokens = trainingTokens(model, rehearse ? 2 : 16, rehearse ? 16 : 128);
  writeFileSync(join(args.work, 'hf', 'batch.json'), JSON.stringify(tokens));
}

let gpuName = '';
const model = rehearse
  ? tinyModel(1, { headDim: 16, heads: 4, kvHeads: 2, width: 48, ffn: 80, layers: 2, vocab: 267 })
  : await openModel(args.model!);
if (!rehearse) {
  const probe = cudaDevice({ libraryPath: args.libraries });
  gpuName = probe.name;
}
note({ machine: describeMachine(), card: gpuName });
if (parts.has('check')) await check(model);
if (parts.has('decode')) await decode(model);
if (parts.has('export')) await exportReferences(model);
if (parts.has('train')) await train(model);
console.log(JSON.stringify(results));
process.exit(0);
