import type { Sampling } from '@parapet/contracts/serve-worker';
import type { Draw } from '../devices/device.ts';
import { uniformAt } from './random.ts';

/** A token's log-probability under the model itself: before bias, penalties, temperature and truncation. */
export interface Logprob {
  id: number;
  logprob: number;
}

/** What may come next in constrained decoding. */
export interface Constraint {
  /** Token ids. */
  readonly allowed: Int32Array;
  /** Whether one token is among them, without making the list. */
  accepts(id: number): boolean;
}

export interface SampledToken {
  id: number;
  logprob: Logprob | null;
  top: Logprob[];
}

/** Thrown when a row's logits hold no number to choose: its own fault, no other row's. */
export class PoisonedRowError extends Error {
  override readonly name = 'PoisonedRowError';
}

/** How one row chooses its tokens. Holds the counts that penalties need. */
export class Sampler {
  private readonly counts = new Map<number, number>();
  private readonly bias: readonly (readonly [number, number])[];

  constructor(
    private readonly sampling: Sampling,
    /** Drawn by the engine when the request has none. */
    private readonly seed: number,
    /** Alternatives to report; null = no log-probabilities. */
    private readonly topLogprobs: number | null,
    vocab: number,
  ) {
    this.bias = Object.entries(sampling.logitBias)
      .map(([id, bias]) => [Number(id), bias] as const)
      .filter(([id]) => Number.isInteger(id) && id >= 0 && id < vocab);
  }

  /**
   * Chooses from logits `[V]`, which it may change. With a constraint only what it allows can come, in proportion.
   *
   * @throws PoisonedRowError when they are NaN
   */
  sample(logits: Float32Array, position: number, constraint: Constraint | null = null): SampledToken {
    const { temperature } = this.sampling;
    const logprobs = this.topLogprobs === null ? null : new LogprobReader(logits, this.topLogprobs);
    this.adjust(logits);
    let id = temperature === 0 ? argmax(logits) : constraint === null ? this.draw(logits, position) : -1;
    if (constraint !== null && (id < 0 || !constraint.accepts(id)))
      id = this.among(logits, constraint.allowed, position);
    if (id < 0) throw new PoisonedRowError('The logits of this row are not numbers.');
    this.counts.set(id, (this.counts.get(id) ?? 0) + 1);
    return { id, logprob: logprobs?.of(id) ?? null, top: logprobs?.top ?? [] };
  }

  /** Takes the likeliest token that the device found (`isPlainGreedy`). @throws PoisonedRowError when there is none */
  greedy(id: number): SampledToken {
    if (id < 0) throw new PoisonedRowError('The logits of this row are not numbers.');
    return { id, logprob: null, top: [] };
  }

  /** How a device may choose the token at `position` by itself; null where the host must see the logits. */
  deviceDraw(position: number): Draw | null {
    const { temperature, topK, topP, minP, presencePenalty, frequencyPenalty } = this.sampling;
    if (presencePenalty !== 0 || frequencyPenalty !== 0 || this.bias.length > 0 || this.topLogprobs !== null)
      return null;
    return { temperature, topK, topP, minP, uniform: uniformAt(this.seed, position) };
  }

  /** Whether a step needs only the largest logit: nothing is added, drawn or reported. */
  get isPlainGreedy(): boolean {
    const { temperature, presencePenalty, frequencyPenalty } = this.sampling;
    return (
      temperature === 0 &&
      presencePenalty === 0 &&
      frequencyPenalty === 0 &&
      this.bias.length === 0 &&
      this.topLogprobs === null
    );
  }

  private adjust(logits: Float32Array): void {
    const { presencePenalty, frequencyPenalty } = this.sampling;
    for (const [id, bias] of this.bias) logits[id]! += bias;
    if (presencePenalty === 0 && frequencyPenalty === 0) return;
    for (const [id, count] of this.counts) logits[id]! -= presencePenalty + frequencyPenalty * count;
  }

  private among(logits: Float32Array, allowed: Int32Array, position: number): number {
    let best = -1;
    for (const id of allowed) if (best < 0 || logits[id]! > logits[best]!) best = id;
    if (best < 0 || Number.isNaN(logits[best]!) || this.sampling.temperature === 0) return best;
    const kept = new Float32Array(allowed.length);
    for (let i = 0; i < allowed.length; i++) kept[i] = logits[allowed[i]!]!;
    return allowed[this.draw(kept, position)] ?? -1;
  }

  private draw(logits: Float32Array, position: number): number {
    const { temperature, topP, topK, minP } = this.sampling;
    const peak = argmax(logits);
    if (peak < 0) return -1;
    const most = logits[peak]!;
    const u = uniformAt(this.seed, position);
    const weights = weightScratch(logits.length);
    // Under e^−25 of the likeliest a token is never drawn: all of them together weigh less than 10⁻⁶.
    const floor = most - 25 * temperature;
    let sum = 0;
    for (let i = 0; i < logits.length; i++) {
      const logit = logits[i]!;
      const weight = logit > floor ? Math.exp((logit - most) / temperature) : 0;
      weights[i] = weight;
      sum += weight;
    }
    if (topP === 1 && topK === 0 && minP === 0) return walk(weights, logits.length, u * sum, peak);
    return truncated(weights, logits.length, sum, { topP, topK, minP }, u, peak);
  }
}

let scratch = new Float64Array(0);
function weightScratch(length: number): Float64Array {
  if (scratch.length < length) scratch = new Float64Array(length);
  return scratch;
}

function walk(weights: Float64Array, length: number, target: number, otherwise: number): number {
  let passed = 0;
  for (let i = 0; i < length; i++) {
    passed += weights[i]!;
    if (passed > target) return i;
  }
  return otherwise;
}

/** Draws among the likeliest: `topK` of them, those that make up `topP`, those not under `minP` of the likeliest. */
function truncated(
  weights: Float64Array,
  length: number,
  sum: number,
  { topP, topK, minP }: { topP: number; topK: number; minP: number },
  u: number,
  peak: number,
): number {
  // The tail under 1e-6 of the peak can't be among the kept unless topP asks for nearly everything.
  for (const floor of [Math.max(minP, 1e-6), minP]) {
    const candidates: number[] = [];
    for (let i = 0; i < length; i++) if (weights[i]! >= floor && weights[i]! > 0) candidates.push(i);
    candidates.sort((a, b) => weights[b]! - weights[a]! || a - b);
    let kept = topK > 0 ? Math.min(topK, candidates.length) : candidates.length;
    let mass = 0;
    let reached = topP === 1;
    for (let i = 0; i < kept; i++) {
      mass += weights[candidates[i]!]!;
      if (mass >= topP * sum && topP < 1) {
        kept = i + 1;
        reached = true;
      }
    }
    const cut = topK > 0 && kept === topK;
    if (!reached && !cut && floor > minP) continue;
    if (topP === 1 && topK === 0 && floor > minP) continue;
    let passed = 0;
    for (let i = 0; i < kept; i++) {
      passed += weights[candidates[i]!]!;
      if (passed > u * mass) return candidates[i]!;
    }
    return candidates[0] ?? peak;
  }
  return peak;
}

/** Index of the largest, the first of equals; −1 when there is no number. */
export function argmax(values: Float32Array): number {
  let best = Number.NEGATIVE_INFINITY;
  let at = -1;
  for (let i = 0; i < values.length; i++) {
    if (values[i]! > best) {
      best = values[i]!;
      at = i;
    }
  }
  return at;
}

/** log-softmax of a row, read before the row is changed. */
export class LogprobReader {
  readonly top: Logprob[];
  private readonly original: Float32Array;
  private readonly normaliser: number;

  constructor(logits: Float32Array, alternatives: number) {
    this.original = logits.slice();
    const peak = argmax(logits);
    const most = peak < 0 ? 0 : logits[peak]!;
    let sum = 0;
    for (let i = 0; i < logits.length; i++) if (logits[i]! > most - 30) sum += Math.exp(logits[i]! - most);
    this.normaliser = most + Math.log(sum);
    this.top = largest(logits, alternatives).map((id) => this.of(id));
  }

  of(id: number): Logprob {
    return { id, logprob: this.original[id]! - this.normaliser };
  }
}

/** Indices of the `count` largest, largest first. */
function largest(values: Float32Array, count: number): number[] {
  const kept: number[] = [];
  for (let i = 0; i < values.length && count > 0; i++) {
    if (kept.length === count && values[i]! <= values[kept[count - 1]!]!) continue;
    let at = kept.length;
    while (at > 0 && values[kept[at - 1]!]! < values[i]!) at--;
    kept.splice(at, 0, i);
    if (kept.length > count) kept.pop();
  }
  return kept;
}
