/**
 * The WebGPU device: checks it against the CPU engine's answers, then times it. docs/webgpu.md says how to run it.
 *
 *   npx tsx bench/gpu/webgpu.ts --model FOLDER_OR_GGUF --references FILE [--parts references,check,decode,anatomy,prompt]
 *          [--rows 1,16,64,256] [--out FILE] [--work DIR] [--software] [--switches DAWN,…] [--backend NAME]
 *
 * `references` writes FILE with the CPU's float32 engine, so that the rest can run where only the card is.
 */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { AdapterConfig } from '@parapet/contracts/adapter';
import { cpuDevice } from '@parapet/inference/cpu-device';
import { AdapterShelf } from '@parapet/inference/testing';
import { Gpu } from '@parapet/inference/webgpu';
import { webGpuDevice } from '@parapet/inference/webgpu-device';
import { type BaseModel, openModel } from '@parapet/models/open';
import { tinyModel } from '@parapet/models/testing';
import { describeMachine } from '../harness/report.ts';
import { agreement, type Reference, references } from './agreement.ts';
import {
  type DecodeFigures,
  decodeFigures,
  firstTokenMs,
  promptAnatomy,
  promptOf,
  startBench,
} from './engine-bench.ts';
import { stepAnatomy } from './webgpu-anatomy.ts';

const { values: args } = parseArgs({
  options: {
    model: { type: 'string' },
    references: { type: 'string', default: 'references.json' },
    parts: { type: 'string', default: 'check,decode,anatomy,prompt' },
    rows: { type: 'string', default: '1,16,64,256' },
    /** Prompts and tokens of the check. */
    prompts: { type: 'string', default: '10' },
    tokens: { type: 'string', default: '32' },
    out: { type: 'string' },
    work: { type: 'string', default: mkdtempSync(join(tmpdir(), 'parapet-webgpu-')) },
    /** On an adapter that computes on the processor: whether all of it works, in small. */
    software: { type: 'boolean', default: false },
    /** More switches of Dawn, to see what they do to the times. */
    switches: { type: 'string', default: '' },
    /** `null`: computes nothing, and has little memory; the anatomy's `host` is what writing down a step of 30 layers takes. */
    backend: { type: 'string' },
  },
});
const parts = args.parts.split(',');
const small = args.software;
const { software, backend } = args;
const gpuOptions = { software, backend, switches: args.switches.split(',').filter(Boolean) };
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

const para: AdapterConfig = {
  ...{ method: 'para', targets: 'qvu', bias: false, rank: 12, pooler: 'mean', activation: 'gelu' },
};

function shelfOf(model: BaseModel, count: number): { shelf: AdapterShelf; digests: string[] } {
  const shelf = new AdapterShelf(model);
  return { shelf, digests: Array.from({ length: count }, (_, i) => shelf.add(para, i + 1, 0.02)) };
}

async function describe(): Promise<void> {
  const gpu = await Gpu.open(gpuOptions);
  if (backend !== 'null') await gpu.rehearse();
  const { maxStorageBufferBindingSize, maxBufferSize } = gpu.device.limits;
  const features = [...gpu.device.features].join(' ');
  note({ machine: describeMachine(), adapter: gpu.name, features, maxStorageBufferBindingSize, maxBufferSize });
  gpu.close();
}

async function check(model: BaseModel): Promise<void> {
  const { shelf, digests } = shelfOf(model, 8);
  const expected = JSON.parse(readFileSync(args.references, 'utf8')) as Reference[];
  note({ reference_tokens: expected.reduce((sum, { tokens }) => sum + tokens.length, 0) });
  for (const type of ['float32', 'float16'] as const) {
    const device = await webGpuDevice({ ...gpuOptions, type });
    note({ [`agreement_${type}`]: await agreement(model, device, shelf, digests, expected, args.work) });
  }
}

async function times(model: BaseModel): Promise<void> {
  const { shelf, digests } = shelfOf(model, small ? 2 : 64);
  const rowCounts = args.rows.split(',').map(Number);
  const most = Math.max(...rowCounts);
  const device = await webGpuDevice(gpuOptions);
  const bench = await startBench(model, device, shelf, args.work, most, small ? 2048 : Math.max(32_768, most * 512));
  for (const rows of parts.includes('decode') ? rowCounts : []) {
    const full = rows >= 256 ? 100 : 128;
    const options = small ? { prompt: 12, fullSteps: 3 } : { prompt: rows >= 256 ? 250 : 236, fullSteps: full };
    const sides: Record<'base' | 'para', DecodeFigures[]> = { base: [], para: [] };
    for (let round = 0; round < (small ? 1 : 2); round++) {
      sides.base.push(await decodeFigures(bench, rows, null, options));
      sides.para.push(await decodeFigures(bench, rows, digests, options));
    }
    const best = (figures: DecodeFigures[], key: 'stepMs' | 'runnerMs' | 'deviceMs') =>
      Math.min(...figures.map((one) => one[key]));
    note({
      [`step_ms_${rows}`]: best(sides.para, 'stepMs'),
      [`base_step_ms_${rows}`]: best(sides.base, 'stepMs'),
      [`runner_ms_${rows}`]: best(sides.para, 'runnerMs'),
      [`device_ms_${rows}`]: best(sides.para, 'deviceMs'),
      [`base_device_ms_${rows}`]: best(sides.base, 'deviceMs'),
      [`tokens_per_second_${rows}`]: (rows * 1000) / best(sides.para, 'stepMs'),
      [`para_tax_${rows}`]: best(sides.para, 'stepMs') / best(sides.base, 'stepMs') - 1,
    });
  }
  if (parts.includes('prompt')) {
    const prompt = small ? 20 : 512;
    const tokens = promptOf(bench.model, prompt, 80_000);
    note({ prompt_anatomy_base: await promptAnatomy(bench.runner, tokens, { kind: 'base' }) });
    if (!small) {
      note({ ttft_ms_512: await firstTokenMs(bench, prompt, digests[0]!) });
      note({ ttft_ms_512_base: await firstTokenMs(bench, prompt, null) });
    }
  }
  await bench.engine.close();
}

if (args.parts !== 'references') await describe();
if (args.model === undefined && backend !== 'null') process.exit(0);
const narrow = { layers: 30, width: 48, headDim: 16, heads: 4, kvHeads: 2, ffn: 80 };
const model = backend === 'null' ? tinyModel(1, narrow) : await openModel(args.model!);
if (parts.includes('references')) {
  const { shelf, digests } = shelfOf(model, 8);
  const size = { count: Number(args.prompts), tokens: Number(args.tokens), folder: args.work };
  writeFileSync(
    args.references,
    JSON.stringify(await references(model, cpuDevice({ threads: 2 }), shelf, digests, size)),
  );
}
if (parts.includes('check')) await check(model);
if (parts.includes('decode') || parts.includes('prompt')) await times(model);
if (parts.includes('anatomy')) {
  const tokens = backend === 'null' ? 20 : 300;
  const sizes = small ? [[2, 20]] : args.rows.split(',').map((rows) => [Number(rows), tokens]);
  for (const [rows, length] of sizes) {
    note({ [`anatomy_${rows}`]: await stepAnatomy(model, gpuOptions, args.work, rows!, length!, small ? 1 : 24) });
  }
}
console.log(JSON.stringify(results));
process.exit(0);
