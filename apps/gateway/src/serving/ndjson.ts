import { StringDecoder } from 'node:string_decoder';

/** The longest line a worker may send: the prompt's logprobs with 20 alternatives a token stay far below. */
const maxLineCharacters = 64 * 1024 * 1024;

/** Splits a byte stream at line feeds; empty lines are left out. Bounded: an endless line throws. */
export class LineSplitter {
  readonly #decoder = new StringDecoder('utf8');
  #rest = '';

  /** The lines that this chunk completes. */
  push(chunk: Buffer): string[] {
    const lines = (this.#rest + this.#decoder.write(chunk)).split('\n');
    this.#rest = lines.pop()!;
    if (this.#rest.length > maxLineCharacters) throw new Error('a line of the stream is too long');
    return lines.filter((line) => line !== '');
  }
}
