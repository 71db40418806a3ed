export interface StreamJob {
  /** One gateway. */
  url: string;
  streams: { key: string; model: string; prompt: string }[];
  maxTokens: number;
  /** Requests of each stream, one after another, until one is refused. */
  repeats?: number;
}

export interface StreamRun {
  /** Milliseconds since 1970. */
  askedAt: number;
  firstAt: number;
  lastAt: number;
  tokens: number;
  chunks: number;
  /** Chunks that came in each slot of `slotMs`, by slot number since 1970. */
  slots: Record<number, number>;
  /** Why it was refused: the status and the body's beginning. */
  refused: string | null;
}

export const slotMs = 10;
