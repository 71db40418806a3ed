import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { rename, rm, stat } from 'node:fs/promises';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Digest, digestSchema } from '@parapet/contracts/ids';
import {
  type CheckpointReport,
  type FencedHeartbeat,
  type FinishReport,
  type LeaseRequest,
  type LeaseVerdict,
  leaseVerdictSchema,
  type TrainingEvents,
  type TrainingLease,
  trainingLeaseSchema,
} from '@parapet/contracts/train-worker';
import type { z } from 'zod';

/** The job is another worker's now: drop it at once and touch nothing. */
export class StaleLeaseError extends Error {
  override readonly name = 'StaleLeaseError';
}

/** The gateway refused the call for good (4xx other than a stale lease). */
export class GatewayRefusal extends Error {
  override readonly name = 'GatewayRefusal';
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

/** Waits between tries of one call; a gateway that restarts is back well within them. */
const retryDelaysMs = [200, 500, 1000, 2000, 5000, 10_000, 10_000];

/**
 * The train worker's side of contracts/train-worker.ts. Every call is idempotent on the gateway, so network
 * failures and 5xx are tried again with back-off; a 409 ends the job with StaleLeaseError.
 */
export class GatewayClient {
  constructor(
    private readonly url: string,
    private readonly token: string,
  ) {}

  /** The next job for this worker, or null when none waits. */
  async lease(request: LeaseRequest, signal: AbortSignal): Promise<TrainingLease | null> {
    const response = await this.call('POST', '/internal/train/lease', request, signal);
    if (response.status === 204) return null;
    return trainingLeaseSchema.parse(await response.json());
  }

  heartbeat(jobId: string, body: FencedHeartbeat, signal: AbortSignal): Promise<LeaseVerdict> {
    return this.answer('POST', `/internal/train/jobs/${jobId}/heartbeat`, body, leaseVerdictSchema, signal);
  }

  async events(jobId: string, body: TrainingEvents): Promise<void> {
    await this.call('POST', `/internal/train/jobs/${jobId}/events`, body);
  }

  async checkpoint(jobId: string, body: CheckpointReport): Promise<void> {
    await this.call('POST', `/internal/train/jobs/${jobId}/checkpoints`, body);
  }

  async finish(jobId: string, body: FinishReport): Promise<void> {
    await this.call('POST', `/internal/train/jobs/${jobId}/finish`, body);
  }

  /** Downloads a blob to `path`; the file appears only when its SHA-256 is the digest asked for. */
  async download(digest: Digest, path: string, signal: AbortSignal): Promise<void> {
    const response = await this.call('GET', `/internal/blobs/${digest}`, undefined, signal);
    if (!response.body) throw new Error(`The gateway sent no body for blob ${digest}.`);
    const hash = createHash('sha256');
    const tee = new Transform({
      transform(chunk, _encoding, done) {
        hash.update(chunk);
        done(null, chunk);
      },
    });
    const partial = `${path}.partial`;
    try {
      await pipeline(Readable.fromWeb(response.body), tee, createWriteStream(partial));
      const found = hash.digest('hex');
      if (found !== digest) throw new Error(`Blob ${digest} arrived as ${found}: the store or the network damaged it.`);
      await rename(partial, path);
    } finally {
      await rm(partial, { force: true });
    }
  }

  /** Uploads a file under its own SHA-256, which is returned. */
  async upload(path: string): Promise<Digest> {
    const hash = createHash('sha256');
    await pipeline(createReadStream(path), hash);
    const digest = digestSchema.parse(hash.digest('hex'));
    const { size } = await stat(path);
    await this.call('PUT', `/internal/blobs/${digest}`, () => ({
      body: Readable.toWeb(createReadStream(path)) as ReadableStream<Uint8Array>,
      length: size,
    }));
    return digest;
  }

  private async answer<S extends z.ZodType>(
    method: string,
    path: string,
    body: unknown,
    schema: S,
    signal?: AbortSignal,
  ): Promise<z.output<S>> {
    const response = await this.call(method, path, body, signal);
    return schema.parse(await response.json());
  }

  private async call(
    method: string,
    path: string,
    body?: unknown | (() => { body: ReadableStream<Uint8Array>; length: number }),
    signal?: AbortSignal,
  ): Promise<Response> {
    for (let attempt = 0; ; attempt++) {
      try {
        const response = await fetch(this.url + path, { method, signal, ...this.payload(body) });
        if (response.ok) return response;
        const text = (await response.text()).slice(0, 2000);
        if (response.status === 409) throw new StaleLeaseError(text);
        if (response.status < 500) throw new GatewayRefusal(response.status, `${method} ${path}: ${text}`);
        throw new Error(`${method} ${path} answered ${response.status}: ${text}`);
      } catch (error) {
        const delay = retryDelaysMs[attempt];
        const final = error instanceof StaleLeaseError || error instanceof GatewayRefusal || signal?.aborted;
        if (final || delay === undefined) throw error;
        await sleep(delay, undefined, { signal });
      }
    }
  }

  private payload(body: unknown): RequestInit {
    const authorization = `Bearer ${this.token}`;
    if (typeof body === 'function') {
      const upload = body() as { body: ReadableStream<Uint8Array>; length: number };
      const headers = {
        authorization,
        'content-type': 'application/octet-stream',
        'content-length': String(upload.length),
      };
      // Node's fetch wants `duplex` for a streamed body; the DOM type does not know it.
      return { headers, body: upload.body, duplex: 'half' } as RequestInit;
    }
    if (body === undefined) return { headers: { authorization } };
    return { headers: { authorization, 'content-type': 'application/json' }, body: JSON.stringify(body) };
  }
}
