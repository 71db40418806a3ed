import type { RowProblemCode } from '@parapet/contracts/training-row';

/** A file that can't be read as lines at all; nothing after the fault was looked at. */
export class UnreadableFile extends Error {
  override readonly name = 'UnreadableFile';
  constructor(
    readonly code: RowProblemCode,
    /** 1-based; 0 = the file as a whole. */
    readonly line: number,
    message: string,
  ) {
    super(message);
  }
}

/** Longest line: far above any row that fits a context, low enough to hold in memory. */
export const maxLineBytes = 1 << 20;

export interface Line {
  /** 1-based. */
  number: number;
  text: string;
}

const lineFeed = 0x0a;
const carriageReturn = 0x0d;

/**
 * Cuts bytes, pushed chunk by chunk, into lines of strict UTF-8 ended by LF or CRLF; holds one line at most.
 * @throws UnreadableFile on bytes that are not UTF-8 and on a line above `maxLineBytes`.
 */
export class LineSplitter {
  readonly #decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  #rest: Buffer = Buffer.alloc(0);
  #number = 0;

  *push(chunk: Uint8Array): Generator<Line> {
    const bytes = this.#rest.length === 0 ? Buffer.from(chunk) : Buffer.concat([this.#rest, chunk]);
    let start = 0;
    for (let end = bytes.indexOf(lineFeed); end !== -1; end = bytes.indexOf(lineFeed, start)) {
      yield this.#line(bytes.subarray(start, end));
      start = end + 1;
    }
    this.#rest = bytes.subarray(start);
    this.#refuseLong(this.#rest.length);
  }

  /** The last line, when no line feed ended it. */
  *end(): Generator<Line> {
    if (this.#rest.length > 0) yield this.#line(this.#rest);
    this.#rest = Buffer.alloc(0);
  }

  #line(bytes: Buffer): Line {
    this.#refuseLong(bytes.length);
    const number = ++this.#number;
    const content = bytes.at(-1) === carriageReturn ? bytes.subarray(0, -1) : bytes;
    try {
      return { number, text: this.#decoder.decode(content) };
    } catch {
      throw new UnreadableFile(
        'invalid_encoding',
        number,
        `Line ${number} is not valid UTF-8: save the file as UTF-8.`,
      );
    }
  }

  #refuseLong(length: number): void {
    if (length <= maxLineBytes) return;
    const number = this.#number + 1;
    throw new UnreadableFile('line_too_long', number, `Line ${number} is longer than ${maxLineBytes} bytes.`);
  }
}

/** Lines of a stream, for readers that need no copy of its bytes. */
export async function* readLines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Line> {
  const splitter = new LineSplitter();
  for await (const chunk of chunks) yield* splitter.push(chunk);
  yield* splitter.end();
}

/** Drops a UTF-8 byte order mark, so that what is stored begins with its first row; refuses UTF-16 and UTF-32. */
export async function* withoutByteOrderMark(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let head: Buffer | null = Buffer.alloc(0);
  for await (const chunk of chunks) {
    if (head === null) {
      yield chunk;
      continue;
    }
    head = Buffer.concat([head, chunk]);
    if (head.length < 4) continue;
    yield stripMark(head);
    head = null;
  }
  if (head !== null && head.length > 0) yield stripMark(head);
}

function stripMark(head: Buffer): Buffer {
  if (head[0] === 0xef && head[1] === 0xbb && head[2] === 0xbf) return head.subarray(3);
  const utf16 = (head[0] === 0xff && head[1] === 0xfe) || (head[0] === 0xfe && head[1] === 0xff);
  const utf32 = head[0] === 0 && head[1] === 0 && head[2] === 0xfe && head[3] === 0xff;
  if (utf16 || utf32) {
    throw new UnreadableFile('invalid_encoding', 1, 'The file is UTF-16 or UTF-32: save it as UTF-8.');
  }
  return head;
}
