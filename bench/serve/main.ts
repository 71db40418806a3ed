/**
 * Serving on the CPU, with llama.cpp beside it: npm run bench -- serve [--json] [--no-peers] [--steps N] [--cached N]
 * All sides run here, one after another, at the same cached length; medians. The last line is JSON.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { linearNameSchema } from '@parapet/contracts/adapter';
import { findKernels } from '@parapet/inference/cpu-kernels';
import { panelBlock } from '@parapet/inference/pack-panels';
import { servedBlockSize } from '@parapet/inference/weights';
import { kvWidth, type ModelSpec, modelParameters, queryWidth } from '@parapet/models/spec';
import { openBaseModel } from '@parapet/models/testing-base';
import { median, printResult } from '../harness/report.ts';
import { kernelsFolder } from './folders.ts';
import { OurEngine, type Rate } from './ours.ts';
import { type PeerRate, peerRates } from './peers.ts';
import { leastStepMs, measureMachine } from './roofline.ts';

const threads = 2;
const option = (name: string, otherwise: number) =>
  process.argv.includes(name) ? Number(process.argv[process.argv.indexOf(name) + 1]) : otherwise;
const cachedTokens = option('--cached', 300);
const steps = option('--steps', 32);
/** Unmerged, on every linear: what LoRA is served as when each row has its own. */
const lora = { method: 'lora', linears: linearNameSchema.options, rank: 16, alpha: 32 } as const;
const para = { method: 'para', targets: 'qvu', bias: false, rank: 12, pooler: 'mean', activation: 'gelu' } as const;

const round = (x: number, digits = 3) => Number(x.toFixed(digits));
const note = (name: string, { tokensPerSecond, stepMs }: Rate) =>
  console.log(
    `${name.padEnd(32)} ${tokensPerSecond.toFixed(0).padStart(6)} tokens/s  ${stepMs.toFixed(2).padStart(8)} ms a step`,
  );

const found = findKernels(kernelsFolder);
const { kernels } = found;
console.log(kernels === null ? `our own kernels are not used: ${found.reason}` : `kernels: ${kernels.instructions}`);
/** Bytes of scales a weight: bfloat16 in our own layout, float32 in ONNX Runtime's. */
const scaleBytes = kernels === null ? 4 / servedBlockSize : 2 / panelBlock;

/** What a step of `rows` rows must read (weights and cache in 8 bits, scales) and multiply. */
function stepWork(spec: ModelSpec, rows: number): { bytes: number; macs: number } {
  const linears = modelParameters(spec); // the embedding is the head: every number is multiplied once
  const cache = rows * cachedTokens * spec.layers * 2 * kvWidth(spec);
  const attention = rows * cachedTokens * spec.layers * 2 * queryWidth(spec);
  return { bytes: linears * (1 + scaleBytes) + cache, macs: rows * linears + attention };
}

const model = await openBaseModel();
const ours = await OurEngine.start(model, kernels, threads, cachedTokens, steps);
const machine = measureMachine(kernels);
const rates: Record<string, Rate> = {};
for (const [name, rows, config] of [
  ['base_1', 1, null],
  ['base_16', 16, null],
  ['para_16', 16, para],
] as const) {
  rates[name] = await ours.rate(rows, config);
  note(`ours ${name}`, rates[name]);
}
// The tax is a small difference of large numbers: base, PARA and wide take turns, forwards and backwards; medians.
const turns = { base_32: null, para_32: para, wide_32: { ...para, targets: 'wide', bias: true } } as const;
const taken = Object.keys(turns).map((name) => ({ name: name as keyof typeof turns, seen: [] as Rate[] }));
for (let round = 0; round < 6; round++) {
  for (const { name, seen } of round % 2 === 0 ? taken : taken.toReversed()) {
    seen.push(await ours.rate(32, turns[name]));
  }
}
for (const { name, seen } of taken) {
  const stepMs = median(seen.map((one) => one.stepMs));
  rates[name] = { ...seen[0]!, stepMs, tokensPerSecond: 32_000 / stepMs };
  note(`ours ${name}, ${seen.length} turns`, rates[name]);
}
const loraRate = kernels === null ? null : await ours.rate(32, lora);
if (loraRate !== null) note('ours LoRA r16, all linears, 32', loraRate);
const adapterTimes = await ours.adapterTimes(para);
const stall = await ours.stall(2000);
await ours.engine.close();

const gguf = readdirSync(model.dir).find((name) => name.endsWith('.gguf'));
const peers =
  process.argv.includes('--no-peers') || gguf === undefined
    ? []
    : peerRates(join(model.dir, gguf), cachedTokens, steps, threads);
for (const { peer, weights, rows, lora, rate } of peers) {
  console.log(`${`${peer} ${weights}${lora ? ' + LoRA' : ''} ${rows}`.padEnd(48)} ${rate.toFixed(0)} tokens/s`);
}
const fastest = (matches: (one: PeerRate) => boolean): PeerRate | null =>
  peers
    .filter(matches)
    .reduce<PeerRate | null>((best, one) => (best === null || one.rate > best.rate ? one : best), null);
const base = (rows: number) => fastest((one) => one.rows === rows && !one.lora);
/** Distinct tenants at the peer: it applies one LoRA to a whole context, so rows take turns at its one-row rate. */
const tenant = fastest((one) => one.lora);
const against = (rate: number, peer: PeerRate | null) => (peer === null ? null : round(rate / peer.rate));
const tokens = (name: string) => rates[name]!.tokensPerSecond;
const name = (peer: PeerRate | null) =>
  peer === null ? null : `${peer.peer} ${peer.weights}${peer.lora ? ' + LoRA' : ''}: ${round(peer.rate, 0)}`;

printResult({
  tenants16_vs_peer: against(tokens('para_16'), tenant),
  tenants32_vs_peer: against(tokens('para_32'), tenant),
  row1_vs_peer: against(tokens('base_1'), base(1)),
  batch16_vs_peer_base: against(tokens('base_16'), base(16)),
  batch32_vs_peer_base: against(tokens('base_32'), base(32)),
  para_tax_32: round(rates.para_32!.stepMs / rates.base_32!.stepMs - 1),
  wide_tax_32: round(rates.wide_32!.stepMs / rates.base_32!.stepMs - 1),
  vs_lora_32: loraRate === null ? null : round(tokens('para_32') / loraRate.tokensPerSecond),
  roofline_16: round(leastStepMs(machine, stepWork(model.spec, 16)) / rates.base_16!.stepMs),
  outside_share_16: round(rates.para_16!.outsideShare),
  adapter_switch_ms: round(adapterTimes.residentMs),
  adapter_cold_load_ms: round(adapterTimes.coldMs),
  adapters_1000_gb: round((adapterTimes.bytesEach * 1000) / 1e9),
  intertoken_ms_quiet: round(stall.quietMs, 1),
  intertoken_ms_2000_token_prompt: round(stall.enteringMs, 1),
  prefill_ms_2000: round(stall.prefillMs, 0),
  read_gb_s: round(machine.readGBs, 1),
  int8_gmac_s: round(machine.int8GMacs, 0),
  tokens_per_second: Object.fromEntries(
    Object.entries(rates).map(([key, rate]) => [key, round(rate.tokensPerSecond, 0)]),
  ),
  lora_32_tokens_per_second: loraRate === null ? null : round(loraRate.tokensPerSecond, 0),
  peer_tenant: name(tenant),
  peer_base_1: name(base(1)),
  peer_base_16: name(base(16)),
  peer_base_32: name(base(32)),
  peers,
});
process.exit(0);
