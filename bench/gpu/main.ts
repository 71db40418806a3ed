/**
 * The GPU suite: checks a card against the CPU engine, then times it, in one go. RESULTS.md says how to run it.
 *
 *   npm run bench -- gpu --model FOLDER [--parts check,decode,prompt,export,train,banking,gateway] [--libraries DIR[:DIR]]
 *          [--data FOLDER] [--gateways N] [--out FILE] [--work DIR] [--rehearse | --tiny]
 */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { AdapterConfig, ParaConfig } from '@parapet/contracts/adapter';
import { cpuDevice } from '@parapet/inference/cpu-device';
import { cudaDevice } from '@parapet/inference/cuda-device';
import { CudaRunner } from '@parapet/inference/cuda-runner';
import type { Device } from '@parapet/inference/device';
import { AdapterShelf } from '@parapet/inference/testing';
import { type BaseModel, openModel } from '@parapet/models/open';
import { tinyModel } from '@parapet/models/testing';
import type { DeviceType } from '@parapet/runtime/accelerator';
import { CudaAccelerator } from '@parapet/runtime/cuda';
import { HostAccelerator } from '@parapet/runtime/testing-accelerator';
import { describeMachine } from '../harness/report.ts';
import { agreement, references } from './agreement.ts';
import { bankingFigures } from './banking.ts';
import { endToEnd } from './end-to-end.ts';
import {
  type DecodeFigures,
  decodeFigures,
  firstTokenMs,
  promptAnatomy,
  promptOf,
  startBench,
} from './engine-bench.ts';
import { endlessCopy } from './fleet-under-test.ts';
import { trainFigures, trainingTokens, trainSeed } from './train-bench.ts';

const { values: args } = parseArgs({
  options: {
    model: { type: 'string' },
    parts: { type: 'string', default: 'check,decode,prompt' },
    libraries: { type: 'string' },
    /** The banking77 folder. */
    data: { type: 'string' },
    /** Gateway processes on the one worker. */
    gateways: { type: 'string', default: '4' },
    rows: { type: 'string', default: '1,16,64,256' },
    out: { type: 'string' },
    work: { type: 'string', default: mkdtempSync(join(tmpdir(), 'parapet-gpu-')) },
    /** Runs everything on a tiny model with the kernels emulated on the host: the numbers mean nothing. */
    rehearse: { type: 'boolean', default: false },
    /** A tiny model on the card: whether it works at all. */
    tiny: { type: 'boolean', default: false },
  },
});
const rehearse = args.rehearse;
const small = rehearse || args.tiny;
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

const para = (targets: 'qvu' | 'wide'): ParaConfig => ({
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
  const size = small ? { count: 3, tokens: 6 } : { count: 50, tokens: 64 };
  const expected = await references(model, cpuDevice({ threads: small ? 1 : 8 }), shelf, digests, {
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
  const digests = Array.from({ length: small ? 2 : 64 }, (_, i) => shelf.add(para('qvu'), i + 100, 0.02));
  const maxRows = small ? 4 : 256;
  const bench = await startBench(model, gpu('float16'), shelf, args.work, maxRows, small ? 2048 : 160_000);
  note({ gpu: small ? 'none' : gpuName });
  const rowCounts = small ? [1, 3] : args.rows.split(',').map(Number);
  const length = (rows: number) => (small ? 12 : rows >= 256 ? 200 : 236);
  for (const rows of parts.has('decode') ? rowCounts : []) {
    const fullSteps = small ? 6 : rows >= 256 ? 240 : 160;
    const options = { prompt: length(rows), fullSteps };
    const sides: Record<'base' | 'para', DecodeFigures[]> = { base: [], para: [] };
    for (let round = 0; round < (small ? 1 : 2); round++) {
      sides.base.push(await decodeFigures(bench, rows, null, options));
      sides.para.push(await decodeFigures(bench, rows, digests, options));
    }
    const best = (figures: DecodeFigures[], key: 'stepMs' | 'runnerMs' | 'deviceMs') =>
      Math.min(...figures.map((one) => one[key]));
    const taxOf = (key: 'stepMs' | 'deviceMs') => best(sides.para, key) / best(sides.base, key) - 1;
    note({
      [`step_ms_${rows}`]: best(sides.para, 'stepMs'),
      [`base_step_ms_${rows}`]: best(sides.base, 'stepMs'),
      [`runner_ms_${rows}`]: best(sides.para, 'runnerMs'),
      [`device_ms_${rows}`]: best(sides.para, 'deviceMs'),
      [`base_device_ms_${rows}`]: best(sides.base, 'deviceMs'),
      [`para_tax_${rows}`]: taxOf('stepMs'),
      [`para_device_tax_${rows}`]: taxOf('deviceMs'),
      [`rounds_${rows}`]: sides,
    });
  }
  if (parts.has('decode')) {
    const sampling = { temperature: 0.8, topP: 0.95, seed: 1 };
    const rows = small ? 2 : 64;
    const { stepMs } = await decodeFigures(bench, rows, digests, {
      prompt: length(rows),
      fullSteps: small ? 6 : 160,
      sampling,
    });
    note({ sampled_step_ms_64: stepMs });
  }
  if (parts.has('prompt')) await promptFigures(bench, digests);
  await bench.engine.close();
}

async function promptFigures(bench: Awaited<ReturnType<typeof startBench>>, digests: readonly string[]): Promise<void> {
  const prompt = small ? 20 : 512;
  for (let i = 0; i < 4; i++) {
    const tokens = promptOf(bench.model, prompt, 80_000 + i);
    note({ [`prompt_anatomy_base_${i}`]: await promptAnatomy(bench.runner, tokens, { kind: 'base' }) });
  }
  note({ ttft_ms_512: await firstTokenMs(bench, prompt, digests[0]!) });
  note({ ttft_ms_512_base: await firstTokenMs(bench, prompt, null) });
  const rows = small ? 2 : 64;
  const stalled = await decodeFigures(bench, rows, digests, {
    ...{ prompt: small ? 8 : 200, fullSteps: small ? 12 : 200 },
    during: async () => {
      await new Promise((resolve) => setTimeout(resolve, small ? 10 : 900));
      await firstTokenMs(bench, prompt, digests[1]!);
    },
  });
  note({ longest_gap_ms_64_while_a_prompt_of_512_enters: stalled.longestGapMs });
}

const accelerator = () => (rehearse ? new HostAccelerator() : CudaAccelerator.open({ libraryPath: args.libraries }));

const lora: AdapterConfig = { method: 'lora', linears: ['q', 'v', 'up'], rank: 16, alpha: 32 };

async function train(model: BaseModel): Promise<void> {
  const size = small ? { rows: 2, columns: 16, steps: 4 } : { rows: 16, columns: 128, steps: 40 };
  const card = accelerator();
  for (const [name, config] of [
    ['lora', lora],
    ['para', para('qvu')],
  ] as const) {
    for (const record of [true, false]) {
      const key = `train_${name}${record ? '' : '_unrecorded'}`;
      try {
        const figures = await trainFigures(model, card, config, { weightsFolder: args.work, ...size, record });
        note({ [key]: figures });
      } catch (error) {
        note({ [`${key}_error`]: String((error as Error).stack) }); // the other way may still work, and tell why
      }
    }
  }
  card.close();
}

async function banking(model: BaseModel): Promise<void> {
  const card = accelerator();
  const common = { model, accelerator: card, device: gpu('float16'), data: args.data!, work: args.work, seed: 1 };
  const rows = small ? 2 : undefined;
  const wide: AdapterConfig = { ...para('wide'), bias: true };
  for (const [name, config] of [
    ['para_wide', wide],
    ['para', para('qvu')],
  ] as const) {
    note({ [`banking77_${name}`]: await bankingFigures({ ...common, rows, config, learningRate: 5e-3 }) });
  }
  card.close();
}

async function gateway(): Promise<void> {
  const modelDir = endlessCopy(args.model!, join(args.work, 'endless'));
  const model = await openModel(modelDir);
  const device = rehearse ? ('cpu' as const) : ('cuda' as const);
  const fleet = {
    model,
    modelDir,
    work: args.work,
    gateways: Number(args.gateways),
    device,
    libraries: args.libraries,
  };
  const memory = rehearse ? { maxRows: 4, kvTokens: 4096 } : { maxRows: 256, kvTokens: 160_000 };
  const rowCounts = rehearse ? [4] : args.rows.split(',').map(Number);
  const load = rehearse
    ? { clients: 2, tenants: 4, tokens: () => 24 }
    : { clients: 8, tenants: 64, tokens: (rows: number) => (rows >= 256 ? 520 : 700) };
  await endToEnd({ ...fleet, ...memory }, rowCounts, load, note);
}

/** What the Python references need: the weights as `transformers` reads them, and the training batch. */
async function exportReferences(model: BaseModel): Promise<void> {
  const { writeFirstNumbers, writeTransformers } = await import('./export-model.ts');
  writeTransformers(model, join(args.work, 'hf'));
  writeFirstNumbers(model, lora, trainSeed, join(args.work, 'hf', 'lora.safetensors'));
  const tokens = trainingTokens(model, small ? 2 : 16, small ? 16 : 128);
  writeFileSync(join(args.work, 'hf', 'batch.json'), JSON.stringify(tokens));
}

let gpuName = '';
const model = small
  ? tinyModel(1, { headDim: 16, heads: 4, kvHeads: 2, width: 48, ffn: 80, layers: 2, vocab: 267 })
  : await openModel(args.model!);
if (!rehearse) {
  const probe = cudaDevice({ libraryPath: args.libraries });
  gpuName = probe.name;
}
note({ machine: describeMachine(), card: gpuName });
if (parts.has('check')) await check(model);
if (parts.has('decode') || parts.has('prompt')) await decode(model);
if (parts.has('export')) await exportReferences(model);
if (parts.has('train')) await train(model);
if (parts.has('banking')) await banking(model);
if (parts.has('gateway')) await gateway();
console.log(JSON.stringify(results));
process.exit(0);
