import { createWriteStream } from 'node:fs';
import { mkdir, rename, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { finished } from 'node:stream/promises';
import type { PinnedFile } from '../registry.ts';
import { discard, diskFull, type FetchContext, isNoSpace, mismatch, requireSpace } from './files.ts';

const idleTimeoutMs = 30_000;
const attempts = 4;

/**
 * Downloads a pinned file, going on where an earlier try stopped: bytes gather in `path.part`, which becomes
 * `path` once its SHA-256 is the pinned one.
 *
 * @throws Error saying what the server answered, that the bytes are others', or that the disk is full.
 */
export async function download(
  url: string,
  path: string,
  pinned: PinnedFile,
  source: string,
  context: FetchContext,
): Promise<void> {
  if ((await mismatch(path, pinned)) === null) return;
  const part = `${path}.part`;
  await mkdir(dirname(path), { recursive: true });
  let failure: unknown = null;
  for (let attempt = 0; attempt < attempts; attempt++) {
    if (attempt > 0) await new Promise((resolve) => setTimeout(resolve, 500 * 2 ** attempt));
    try {
      await downloadPart(url, part, pinned, source, context);
      failure = null;
      break;
    } catch (error) {
      context.signal?.throwIfAborted();
      if (isNoSpace(error)) throw diskFull(dirname(path), pinned.bytes, null);
      failure = error;
      if (!isWorthRetrying(error)) break;
    }
  }
  if (failure !== null) throw failure;
  context.onProgress({
    source,
    phase: 'verify',
    file: pinned.name,
    doneBytes: pinned.bytes,
    totalBytes: pinned.bytes,
  });
  const wrong = await mismatch(part, pinned);
  if (wrong !== null) {
    await discard(part);
    throw new Error(`${url} did not answer the expected file: ${wrong}`);
  }
  await rename(part, path);
}

class HttpError extends Error {
  constructor(
    readonly status: number,
    url: string,
  ) {
    super(`${url} answered ${status}`);
  }
}

function isWorthRetrying(error: unknown): boolean {
  if (error instanceof HttpError) return error.status === 408 || error.status === 429 || error.status >= 500;
  return !isUnreachable(error);
}

/** The name does not resolve or nobody listens: trying again in a second changes nothing. */
function isUnreachable(error: unknown): boolean {
  const cause = error instanceof Error ? (error.cause as { code?: string } | undefined) : undefined;
  return ['ENOTFOUND', 'EAI_AGAIN', 'ECONNREFUSED', 'UND_ERR_CONNECT_TIMEOUT'].includes(cause?.code ?? '');
}

async function downloadPart(
  url: string,
  part: string,
  pinned: PinnedFile,
  source: string,
  context: FetchContext,
): Promise<void> {
  let have = await stat(part).then(
    (found) => found.size,
    () => 0,
  );
  if (have === pinned.bytes) return;
  if (have > pinned.bytes) {
    await discard(part);
    have = 0;
  }
  await requireSpace(dirname(part), pinned.bytes - have);
  const idle = new AbortController();
  let timer = setTimeout(
    () => idle.abort(new Error(`${url} sent nothing for ${idleTimeoutMs / 1000} s`)),
    idleTimeoutMs,
  );
  const signal = context.signal === undefined ? idle.signal : AbortSignal.any([idle.signal, context.signal]);
  try {
    const response = await fetch(url, { headers: have > 0 ? { range: `bytes=${have}-` } : {}, signal });
    if (!response.ok || response.body === null) throw new HttpError(response.status, url);
    if (response.status !== 206) have = 0; // the server sends the whole file again
    const out = createWriteStream(part, { flags: have > 0 ? 'a' : 'w' });
    const closed = finished(out);
    closed.catch(() => {}); // awaited below; a write error may come before
    try {
      for await (const chunk of response.body) {
        clearTimeout(timer);
        timer = setTimeout(
          () => idle.abort(new Error(`${url} sent nothing for ${idleTimeoutMs / 1000} s`)),
          idleTimeoutMs,
        );
        have += (chunk as Uint8Array).byteLength;
        if (have > pinned.bytes) throw new Error(`${url} sends more than the ${pinned.bytes} bytes expected`);
        if (!out.write(chunk))
          await Promise.race([new Promise<void>((resolve) => out.once('drain', () => resolve())), closed]);
        context.onProgress({ source, phase: 'download', file: pinned.name, doneBytes: have, totalBytes: pinned.bytes });
      }
    } finally {
      out.end();
    }
    await closed;
    if (have < pinned.bytes) throw new Error(`${url} ended after ${have} of ${pinned.bytes} bytes`);
  } finally {
    clearTimeout(timer);
  }
}
