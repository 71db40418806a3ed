import type { LoraConfig, ParaConfig } from '@parapet/contracts/adapter';
import { ParapetError } from '@parapet/contracts/errors';
import type { ModelSpec } from '@parapet/models/spec';
import type { VectorVariant } from '../graph/decode-graph.ts';
import type { KvSnapshot } from '../kv/kv-store.ts';
import type { ServingWeights, WeightKind, WeightLayout } from '../weights/serving-weights.ts';

export type DeviceKind = 'cpu' | 'webgpu' | 'cuda';

/** Where a model runs. A device makes a runner; all that the engine asks of it is the runner's interface. */
export interface Device {
  readonly kind: DeviceKind;
  /** The hardware, in words. */
  readonly name: string;
  /** The export that its runner starts from, whatever is asked for; absent = any. */
  readonly weightKind?: WeightKind;
  /** How its runner wants 8-bit weights laid out; absent = in blocks. */
  readonly weightLayout?: WeightLayout;
  /** Loads the weights and makes what decoding and plain prompts need. */
  createRunner(options: RunnerOptions): Promise<ModelRunner>;
}

export interface RunnerOptions {
  spec: ModelSpec;
  weights: ServingWeights;
  /** Rows of one decode batch, and slots of the cache. */
  maxRows: number;
  /** Tokens of KV cache over all rows. */
  kvTokens: number;
  /** Texts as tokens to measure the scales of a quantised cache on; absent = the cache is not quantised. */
  calibration?: readonly (readonly number[])[];
}

/**
 * What scales a row's linears: for each layer, for each linear of the variant in order, its numbers. Made once at
 * prefill and kept with the row; null = the base model (all ones).
 */
export interface RowScales {
  variant: Exclude<VectorVariant, 'base'>;
  numbers: Float32Array;
}

/** A LoRA adapter at some strength: y += factor · (x · A) · B, for the linears that it has. */
export interface LowRankUpdate {
  variant: 'lora';
  rank: number;
  factor: number;
  /** Each layer's `q.a` `[in, rank]`, `q.b` `[rank, out]` and so on. */
  layers: readonly ReadonlyMap<string, Float32Array>[];
}

/** What a row takes with it through decoding. */
export type RowAdaptation = RowScales | LowRankUpdate;

/** A row's scales, on a device that knows no other adaptation (it has refused the adapter, `ModelRunner.prepare`). */
export function scalesOf(adaptation: RowAdaptation): RowScales {
  if (adaptation.variant === 'lora') throw new Error('This device runs no LoRA rows.');
  return adaptation;
}

/** How a device that runs no LoRA rows refuses them. */
export function refuseLora(config: ParaConfig | LoraConfig): asserts config is ParaConfig {
  if (config.method === 'para') return;
  throw new ParapetError(
    'invalid_adapter',
    'This engine serves PARA and (IA)³ adapters; a LoRA adapter needs an engine on a CPU, with a C++ compiler installed.',
  );
}

/** A PARA adapter ready to run: each layer's tensors by their name behind `layers.N.` in the file. */
export interface PromptAdapter {
  config: ParaConfig;
  layers: readonly ReadonlyMap<string, Float32Array>[];
}

/** How a prompt's rows are adapted: not at all, as is known before (a preempted row), or from the prompt itself. */
export type PromptScaling =
  | { kind: 'base' }
  | { kind: 'saved'; scales: RowAdaptation }
  | { kind: 'adapter'; adapter: PromptAdapter; strength: number };

/** Which linears a prompt's scales are for. Throws for the base model, which has none. */
export function scalesVariant(scaling: PromptScaling): RowScales['variant'] {
  if (scaling.kind === 'adapter') return scaling.adapter.config.targets;
  if (scaling.kind === 'saved') return scalesOf(scaling.scales).variant;
  throw new Error('The base model has no scales.');
}

/** A prompt on its way through the layers. `advance` runs some of them; between calls the batch may decode. */
export interface PrefillRun {
  /** Layers still to run. */
  readonly remainingLayers: number;
  /** Runs about `layers` more layers. */
  advance(layers: number): Promise<void>;
  /** After the last layer: logits `[V]` of the last token (the caller may change them). */
  lastLogits(): Promise<Float32Array>;
  /** After the last layer: logits `[V]` of some positions, one after another. */
  promptLogits(from: number, to: number): Promise<Float32Array>;
  /** After the last layer: what adapts the row from now on. */
  scales(): RowAdaptation | null;
  /** Gives its memory back. */
  release(): void;
}

/** How a device may choose a row's next token by itself: the largest logit at temperature 0, else a draw. */
export interface Draw {
  temperature: number;
  /** 0 = off. */
  topK: number;
  topP: number;
  minP: number;
  /** In [0, 1): what decides the draw. */
  uniform: number;
}

export interface DecodeRow {
  /** The token to read. */
  token: number;
  /** Tokens of the row with this one. */
  tokens: number;
  /** Lets the device choose; absent or null where the host must see the logits. */
  draw?: Draw | null;
}

/** What a step computed; valid until the next one. */
export interface DecodeResult {
  /** The likeliest token of a row, the first of equals; −1 when its logits are not numbers. */
  greedy(row: number): number;
  /** Logits `[V]` of a row that needs them; the caller may change them. */
  logits(row: number): Float32Array;
  /** The token that the device chose for a row with a `draw`, −1 where no logit was a number; null = choose from `logits`. */
  sampled?(row: number): number | null;
  /** Device time of the step in integer microseconds. */
  micros: number;
}

/**
 * Runs a model on one device. Slots 0 … rows−1 decode together; a prompt is prefilled into any other slot and then
 * moved. Not re-entrant: one call at a time.
 */
export interface ModelRunner {
  readonly vocab: number;
  /**
   * Makes what rows of such adapters need (sessions), in the background; a no-op when it is there.
   * @throws ParapetError invalid_adapter where the device runs none of them
   */
  prepare(config: ParaConfig | LoraConfig): Promise<void>;
  beginPrefill(slot: number, tokens: readonly number[], scaling: PromptScaling): PrefillRun;
  /** Sets what adapts a slot of the batch; null = the base model. */
  setScales(slot: number, scales: RowAdaptation | null): void;
  /** Copies a row's first `tokens` positions between slots. */
  copyKv(from: number, to: number, tokens: number): void;
  saveKv(slot: number, tokens: number): KvSnapshot;
  restoreKv(slot: number, snapshot: KvSnapshot): void;
  /** Tells that a slot holds nothing any more. */
  freeSlot(slot: number): void;
  /** One step of the first `rows.length` slots. */
  decode(rows: readonly DecodeRow[]): Promise<DecodeResult>;
  close(): Promise<void>;
}
