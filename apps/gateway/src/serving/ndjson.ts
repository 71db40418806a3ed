import { StringDecoder } from 'node:string_decoder';

/** The longest line a worker may send: the prompt's logprobs with 20 alternatives a token stay far below. */
const maxLineCharacters = 64 * 1024 * 1024;

/** Splits a byte stream at line feeds; empty lines are left out. Bounded: an endless line throws. */
export async function* readLines(source: AsyncIterable<Uint8Array>): AsyncGenerator<string, void, undefined> {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  for await (const chunk of source) {
    const text = rest + decoder.write(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength));
    let start = 0;
    for (let end = text.indexOf('\n', start); end !== -1; end = text.indexOf('\n', start)) {
      if (end > start) yield text.slice(start, end);
      start = end + 1;
    }
    rest = text.slice(start);
    if (rest.length > maxLineCharacters) throw new Error('a line of the stream is too long');
  }
  rest += decoder.end();
  if (rest !== '') yield rest;
}
