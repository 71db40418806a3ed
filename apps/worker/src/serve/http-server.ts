import { createHash, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { errorTable, fromZodError, ParapetError } from '@parapet/contracts/errors';
import { type GenerateRequest, generateRequestSchema, workerControlSchema } from '@parapet/contracts/serve-worker';
import type { Logger } from 'pino';
import type { z } from 'zod';
import { LineWriters } from './line-writer.ts';
import type { ServeWorker } from './serve-worker.ts';

/** A prompt of the longest context as JSON is far below. */
const maxBodyBytes = 16 * 1024 * 1024;

/** The worker's HTTP side of contracts/serve-worker.ts. */
export function serveHttp(worker: ServeWorker, token: string, log: Logger): Server {
  const expected = sha256(`Bearer ${token}`);
  const writers = new LineWriters();
  return createServer((request, response) => {
    handle({ worker, expected, writers }, request, response).catch((error: unknown) => refuse(response, error, log));
  });
}

interface Serving {
  worker: ServeWorker;
  /** SHA-256 of the authorization header that gateways send. */
  expected: Buffer;
  writers: LineWriters;
}

async function handle(
  { worker, expected, writers }: Serving,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const path = request.url ?? '/';
  if (request.method === 'GET' && path === '/healthz') {
    response.writeHead(worker.healthy ? 200 : 503).end(worker.healthy ? 'ok\n' : 'no step was finished in time\n');
    return;
  }
  if (!timingSafeEqual(sha256(request.headers.authorization ?? ''), expected)) {
    throw new ParapetError('unauthenticated', 'This is for gateways: the worker token is missing or wrong.');
  }
  if (request.method !== 'POST')
    throw new ParapetError('method_not_allowed', `${request.method} ${path} is not known here.`);
  const cancelled = /^\/generate\/([^/]+)\/cancel$/.exec(path)?.[1];
  if (path === '/generate') await generate(worker, writers, await readJson(request, generateRequestSchema), response);
  else if (cancelled !== undefined) {
    worker.cancel(decodeURIComponent(cancelled));
    response.writeHead(202).end();
  } else if (path === '/control') {
    worker.control(await readJson(request, workerControlSchema));
    response.writeHead(204).end();
  } else throw new ParapetError('not_found', `POST ${path} is not known here.`);
}

/** Streams a generation's events, one JSON object a line; a reader that goes away cancels it. */
async function generate(
  worker: ServeWorker,
  writers: LineWriters,
  asked: GenerateRequest,
  response: ServerResponse,
): Promise<void> {
  const events = await worker.generate(asked);
  response.writeHead(200, { 'content-type': 'application/x-ndjson', 'cache-control': 'no-store' });
  response.flushHeaders();
  response.on('close', () => worker.cancel(asked.requestId));
  const lines = writers.add(response);
  try {
    for await (const event of events) lines.write(JSON.stringify(event));
  } finally {
    lines.close();
  }
  response.end();
}

function refuse(response: ServerResponse, error: unknown, log: Logger): void {
  const known = error instanceof ParapetError ? error : null;
  if (known === null) log.error({ err: error }, 'a request failed');
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const code = known?.code ?? 'internal';
  const { status, type } = errorTable[code];
  const headers: Record<string, string> = { 'content-type': 'application/json' };
  if (known?.details.retryAfterMs !== undefined) headers['retry-after-ms'] = String(known.details.retryAfterMs);
  const message = known?.message ?? 'The worker failed on this request.';
  response
    .writeHead(status, headers)
    .end(JSON.stringify({ error: { code, type, message, param: known?.details.param ?? null } }));
}

async function readJson<S extends z.ZodType>(request: IncomingMessage, schema: S): Promise<z.output<S>> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > maxBodyBytes)
      throw new ParapetError('payload_too_large', `The body is larger than ${maxBodyBytes} bytes.`);
    chunks.push(chunk);
  }
  let json: unknown;
  try {
    json = JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch (cause) {
    throw new ParapetError('invalid_request', 'The body is not JSON.', { cause });
  }
  const parsed = schema.safeParse(json);
  if (!parsed.success) throw fromZodError(parsed.error);
  return parsed.data;
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
