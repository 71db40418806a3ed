import type { Readable } from 'node:stream';
import { ParapetError } from '@parapet/contracts/errors';
import type { Digest } from '@parapet/contracts/ids';

export type BlobContent = AsyncIterable<Uint8Array> | Iterable<Uint8Array> | Uint8Array;

export type WriteOptions = {
  /** Refused past it with `payload_too_large`, before the rest is read. */
  maxBytes?: number;
  /** Refused with `unprocessable` when the content's digest is another. */
  expected?: Digest;
  signal?: AbortSignal;
};

export type ReadOptions = {
  /** Fails at the end of the stream when the content does not hash to its name. */
  verify?: boolean;
  /** Bytes [start, end); excludes `verify`. */
  range?: { start: number; end: number };
};

export type BlobInfo = { digest: Digest; bytes: number; modifiedAt: Date };

/**
 * A store of bytes under their SHA-256. What is under a digest never changes: it is there whole or not at all,
 * whatever fails in between, and the same content written twice is stored once.
 */
export type BlobStore = {
  /** Streams content in, hashing on the way. `existed`: it was there before. */
  write(content: BlobContent, options?: WriteOptions): Promise<{ digest: Digest; bytes: number; existed: boolean }>;
  /** Throws `not_found`. */
  read(digest: Digest, options?: ReadOptions): Promise<{ bytes: number; stream: Readable }>;
  stat(digest: Digest): Promise<BlobInfo | null>;
  /**
   * False when it was not there, or was written (again) since `unlessSince`. Only the collector calls it: what a
   * writer has just stored may be about to be referred to (see collect.ts).
   */
  delete(digest: Digest, unlessSince?: Date): Promise<boolean>;
  /** Every blob, in no order. */
  list(): AsyncIterable<BlobInfo>;
  /** Removes what writers that died before `before` left behind; answers how many files. */
  removeStale(before: Date): Promise<number>;
  /** Throws when the store does not answer or can't be written. */
  check(): Promise<void>;
};

/** The whole content in memory, checked against its digest. Throws `payload_too_large` past `maxBytes`. */
export async function readBytes(store: BlobStore, digest: Digest, maxBytes: number): Promise<Uint8Array> {
  const { bytes, stream } = await store.read(digest, { verify: true });
  if (bytes > maxBytes) {
    stream.destroy();
    throw new ParapetError(
      'payload_too_large',
      `Content of ${bytes} bytes is larger than the ${maxBytes} allowed here.`,
    );
  }
  const whole = new Uint8Array(bytes);
  let offset = 0;
  for await (const chunk of stream as AsyncIterable<Uint8Array>) {
    whole.set(chunk, offset);
    offset += chunk.length;
  }
  return whole;
}

export const blobNotFound = (digest: Digest) => new ParapetError('not_found', `There is no stored content ${digest}.`);
