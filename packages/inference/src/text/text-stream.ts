import type { TokenLogprob } from '@parapet/contracts/serve-worker';
import type { StreamDecoder } from '@parapet/models/tokenizer';

/** Text that may leave, with the tokens behind it. */
export interface TextChunk {
  text: string;
  tokens: number;
  logprobs: TokenLogprob[];
}

/**
 * Turns a row's tokens into text: whole characters only, and what could be the beginning of a stop string is held back
 * until it is known not to be. A stop string and what follows never leaves.
 */
export class TextStream {
  private held = '';
  private heldTokens = 0;
  private heldLogprobs: TokenLogprob[] = [];
  /** True once a stop string was met. */
  stopped = false;

  constructor(
    private readonly decoder: StreamDecoder,
    private readonly stops: readonly string[],
  ) {}

  /** Takes a token; gives what may leave now, or null. */
  push(id: number, logprob: TokenLogprob | null): TextChunk | null {
    this.held += this.decoder.push(id);
    this.heldTokens += 1;
    if (logprob !== null) this.heldLogprobs.push(logprob);
    return this.release(false);
  }

  /** A token without text (the end of the turn): counted with what leaves last. */
  pushSilent(): void {
    this.heldTokens += 1;
  }

  /** All that is left. */
  end(): TextChunk | null {
    if (!this.stopped) this.held += this.decoder.end();
    return this.release(true);
  }

  private release(final: boolean): TextChunk | null {
    if (!this.stopped) {
      const at = this.firstStop();
      if (at !== null) {
        this.held = this.held.slice(0, at);
        this.stopped = true;
      }
    }
    const keep = final || this.stopped ? 0 : this.possibleStop();
    const text = this.held.slice(0, this.held.length - keep);
    if (!final && !this.stopped && text === '') return null;
    if (text === '' && this.heldTokens === 0) return null;
    const chunk = { text, tokens: this.heldTokens, logprobs: this.heldLogprobs };
    this.held = this.held.slice(text.length);
    this.heldTokens = 0;
    this.heldLogprobs = [];
    return chunk;
  }

  private firstStop(): number | null {
    let first: number | null = null;
    for (const stop of this.stops) {
      const at = this.held.indexOf(stop);
      if (at >= 0 && (first === null || at < first)) first = at;
    }
    return first;
  }

  /** Length of the longest end of the text that is the beginning of a stop string. */
  private possibleStop(): number {
    let longest = 0;
    for (const stop of this.stops) {
      for (let length = Math.min(stop.length - 1, this.held.length); length > longest; length--) {
        if (this.held.endsWith(stop.slice(0, length))) {
          longest = length;
          break;
        }
      }
    }
    return longest;
  }
}
