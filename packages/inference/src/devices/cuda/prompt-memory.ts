import { deviceTypeBytes } from '@parapet/runtime/accelerator';
import { type DeviceModel, type Workspace, workspaceBytesPerRow } from './layers.ts';
import { Arena } from './layout.ts';

/** Queries whose attention scores are there at once. */
const queryBlock = 512;
const logitRows = 64;
const growTokens = 512;

/** Device memory of the prompt on its way, grown to the longest one seen. One prompt at a time. */
export class PromptMemory {
  readonly queries = queryBlock;
  readonly logitRows = logitRows;
  /** float32 `[layers, scales]`: the scales of the prompt, to be kept with its rows. */
  readonly kept: bigint;
  /** float32 `[width]` */
  readonly pooled: bigint;
  /** float32 `[logitRows, vocab]` */
  readonly logits: bigint;
  private readonly fixed: Arena;
  private readonly grown: Arena;
  private capacity = 0;
  private parts: {
    work: Workspace;
    tokens: bigint;
    scores: bigint;
    spread: bigint;
    probabilities: bigint;
    poolScores: bigint;
  } | null = null;

  constructor(private readonly model: DeviceModel) {
    const { accelerator, spec, widths } = model;
    this.fixed = new Arena(accelerator);
    this.grown = new Arena(accelerator);
    this.kept = this.fixed.take(spec.layers * widths.scales * 4);
    this.pooled = this.fixed.take(spec.width * 4);
    this.logits = this.fixed.take(logitRows * spec.vocab * 4);
    accelerator.upload(this.kept, new Float32Array(spec.layers * widths.scales).fill(1));
  }

  /** Makes room for a prompt. */
  reserve(tokens: number): void {
    if (tokens <= this.capacity) return;
    const { spec, widths, type } = this.model;
    const typeBytes = deviceTypeBytes[type];
    this.grown.release();
    this.capacity = Math.ceil(tokens / growTokens) * growTokens;
    const sizes = Object.entries(workspaceBytesPerRow(spec, widths, typeBytes));
    const work = sizes.map(([name, bytes]) => [name, this.grown.take(bytes * this.capacity)] as const);
    const scores = spec.heads * Math.min(queryBlock, this.capacity) * this.capacity;
    this.parts = {
      work: Object.fromEntries(work) as unknown as Workspace,
      tokens: this.grown.take(this.capacity * 4),
      spread: this.grown.take(this.capacity * 2 * widths.q * typeBytes),
      scores: this.grown.take(scores * 4),
      probabilities: this.grown.take(scores * typeBytes),
      poolScores: this.grown.take(this.capacity * 4),
    };
  }

  get work(): Workspace {
    return this.reserved.work;
  }
  /** int32 `[tokens]` */
  get tokens(): bigint {
    return this.reserved.tokens;
  }
  /** `[tokens, 2, heads, headDim]`: keys and values, once for each query head. */
  get spread(): bigint {
    return this.reserved.spread;
  }
  /** float32 `[heads, queries, tokens]` */
  get scores(): bigint {
    return this.reserved.scores;
  }
  get probabilities(): bigint {
    return this.reserved.probabilities;
  }
  /** float32 `[tokens]` */
  get poolScores(): bigint {
    return this.reserved.poolScores;
  }

  close(): void {
    this.grown.release();
    this.fixed.release();
  }

  private get reserved() {
    if (this.parts === null) throw new Error('No prompt was given room yet.');
    return this.parts;
  }
}
