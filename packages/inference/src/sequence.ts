import type { GenerateEvent, GenerateRequest, GenerateUsage, VectorsSummary } from '@parapet/contracts/serve-worker';
import type { LoadedAdapter } from './adapters/adapter-cache.ts';
import type { TokenConstraint } from './constrained/token-constraint.ts';
import type { RowAdaptation } from './devices/device.ts';
import type { EventQueue } from './event-queue.ts';
import type { Sampler } from './sampling/sampler.ts';
import type { Job } from './scheduler.ts';
import type { TextStream } from './text/text-stream.ts';

/** A request on its way: one prompt, one or more rows. */
export interface Generation {
  request: GenerateRequest;
  job: Job;
  promptTokens: readonly number[];
  maxTokens: number;
  adapter: LoadedAdapter | null;
  events: EventQueue<GenerateEvent>;
  rows: Sequence[];
  usage: GenerateUsage;
  /** performance.now() when it came. */
  arrivedAt: number;
  /** Set when it should end at the next step. */
  cancelled: boolean;
  ended: boolean;
  vectorsDigest: string | null;
  vectors: VectorsSummary | null;
}

/** One row: its tokens, its vectors, how it chooses and what of its text has left. */
export interface Sequence {
  id: string;
  index: number;
  generation: Generation;
  /** Prompt and completion; the last one's keys and values are not computed yet. */
  tokens: number[];
  scales: RowAdaptation | null;
  sampler: Sampler;
  text: TextStream;
  /** What may come next; null = anything. */
  constraint: TokenConstraint | null;
  finished: boolean;
}
