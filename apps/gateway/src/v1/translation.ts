import { toCompletionUsage } from '@parapet/contracts/openai-common';
import type { FinishReason, GenerateEvent, GenerateUsage } from '@parapet/contracts/serve-worker';

/** What is the same in every chunk of an answer. */
export interface AnswerFrame {
  id: string;
  /** Seconds since 1970. */
  created: number;
  model: string;
  /** Completions of each prompt. */
  n: number;
}

/** How a finished prompt ended. */
export interface PromptOutcome {
  usage: GenerateUsage;
  vectorsDigest: string | null;
}

/** Turns the engine's events into one endpoint's objects. State is one request's. */
export interface Translation {
  /** The chunks that an event of prompt `promptIndex` becomes in a stream; none for events of no interest. */
  chunks(promptIndex: number, event: GenerateEvent): object[];
  /** The chunk that closes a stream whose caller asked for usage. */
  usageChunk(outcomes: readonly PromptOutcome[]): object;
  /** Notes an event of an answer in one piece. */
  collect(promptIndex: number, event: GenerateEvent): void;
  /** The answer in one piece, once every prompt is done. */
  body(outcomes: readonly PromptOutcome[]): object;
}

/** Only `stop` and `length` exist on the wire: the others end in an error or with nobody listening. */
export const wireFinishReason = (reason: FinishReason): 'stop' | 'length' => (reason === 'length' ? 'length' : 'stop');

/** `usage`, and the vectors' digests where they were asked for. */
export function closing(outcomes: readonly PromptOutcome[], wantsVectors: boolean) {
  return {
    usage: toCompletionUsage(outcomes.map((outcome) => outcome.usage)),
    ...(wantsVectors && { parapet: { vectors_sha256: outcomes.map((outcome) => outcome.vectorsDigest) } }),
  };
}
