/**
 * A serve worker that computes nothing: it speaks the whole contract (generate, cancel, register, heartbeat with
 * unacknowledged usage) and answers tokens out of thin air. What is measured or tested against it is the gateway.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  type EnginePrompt,
  type GenerateEvent,
  type GenerateRequest,
  type GenerateUsage,
  generateRequestSchema,
  type ServeHeartbeat,
  type UsageReport,
} from '@parapet/contracts/serve-worker';
import { request as httpRequest } from 'undici';

export interface NullEngineOptions {
  workerToken: string;
  /** Milliseconds before the first token, and between tokens. */
  prefillMs?: number;
  tokenMs?: number;
  /** Device time charged a token, microseconds. */
  microsPerToken?: number;
  baseModel?: { name: string; digest: string; contextTokens: number };
  /** Milliseconds between heartbeats. */
  heartbeatMs?: number;
  port?: number;
  /** Each token's text is ` <ms>`, the clock at its sending; before the first one ` [ms]`, that of the request's arrival. */
  timed?: boolean;
}

export interface NullEngine {
  url: string;
  /** Request id → tokens it has generated; what "generated" means when bills are checked. */
  generated: Map<string, number>;
  /** Requests that have not ended. */
  running(): number;
  /** Registers with a gateway and sends heartbeats to it until `close`. */
  join(gatewayUrl: string): Promise<void>;
  /** Breaks every open stream, as a crash does. */
  breakStreams(): void;
  close(): Promise<void>;
}

export const nullBaseModel = { name: 'smollm2-135m-instruct', digest: 'b'.repeat(64), contextTokens: 8192 };

const promptTokens = (prompt: EnginePrompt): number => {
  if (prompt.kind === 'tokens') return prompt.tokens.length;
  const text = prompt.kind === 'text' ? prompt.text : prompt.messages.map((message) => message.content).join(' ');
  return Math.max(1, Math.ceil(Buffer.byteLength(text) / 4));
};

/** Milliseconds of the machine's monotonic clock, which all processes share. */
const clock = () => (Number(process.hrtime.bigint()) / 1e6).toFixed(3);

const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

export async function startNullEngine(options: NullEngineOptions): Promise<NullEngine> {
  const { workerToken, prefillMs = 0, tokenMs = 0, microsPerToken = 100, heartbeatMs = 500, timed = false } = options;
  const baseModel = options.baseModel ?? nullBaseModel;
  const generated = new Map<string, number>();
  const running = new Map<string, { cancelled: boolean; response: ServerResponse }>();
  const outbox = new Map<string, UsageReport>();
  let heartbeat: NodeJS.Timeout | undefined;
  let beating: Promise<void> = Promise.resolve();

  async function generate(request: GenerateRequest, response: ServerResponse): Promise<void> {
    const state = { cancelled: false, response };
    running.set(request.requestId, state);
    response.on('close', () => {
      state.cancelled = true;
    });
    const arrival = timed ? ` [${clock()}]` : '';
    const prompt = promptTokens(request.prompt);
    const wanted = request.maxTokens ?? 64;
    let tokens = 0;
    let pending = '';
    // Without a pace of its own it writes many tokens at a time, as sockets coalesce them anyway.
    const send = async (event: GenerateEvent, flush = tokenMs > 0) => {
      pending += `${JSON.stringify(event)}\n`;
      if (!flush && pending.length < 8192) return;
      const text = pending;
      pending = '';
      if (!response.write(text)) await writable(response);
    };
    if (prefillMs > 0) await sleep(prefillMs);
    response.writeHead(200, { 'content-type': 'application/x-ndjson' });
    await send({ type: 'started', promptTokens: prompt, cachedTokens: 0, queueMicros: 0, promptLogprobs: null });
    for (let step = 0; step < wanted && !state.cancelled; step++) {
      if (tokenMs > 0) await sleep(tokenMs);
      for (let index = 0; index < request.n && !state.cancelled; index++) {
        tokens += 1;
        generated.set(request.requestId, tokens);
        await send({
          type: 'text',
          index,
          text: timed ? `${step === 0 ? arrival : ''} <${clock()}>` : ' word',
          tokens: 1,
          logprobs: null,
        });
      }
    }
    const usage: GenerateUsage = {
      promptTokens: prompt,
      cachedTokens: 0,
      completionTokens: tokens,
      prefillDeviceMicros: prompt * microsPerToken,
      decodeDeviceMicros: tokens * microsPerToken,
      queueMicros: 0,
    };
    outbox.set(request.requestId, {
      requestId: request.requestId,
      tenantId: request.tenantId,
      usage,
      finishedAt: Date.now(),
    });
    const reason = state.cancelled ? 'cancelled' : 'length';
    for (let index = 0; index < request.n; index++) await send({ type: 'finish', index, reason });
    await send({ type: 'done', usage, vectorsDigest: request.vectorsDigest ? 'c'.repeat(64) : null }, true);
    running.delete(request.requestId);
    response.end();
  }

  const server = createServer((request, response) => {
    if (request.headers.authorization !== `Bearer ${workerToken}`) return void response.writeHead(401).end();
    const path = request.url ?? '/';
    if (request.method === 'POST' && path === '/generate') {
      readBody(request)
        .then((body) => generate(generateRequestSchema.parse(JSON.parse(body)), response))
        .catch((error: Error) => response.writeHead(400).end(error.message));
      return;
    }
    const cancelled = /^\/generate\/([^/]+)\/cancel$/.exec(path)?.[1];
    if (cancelled) {
      const state = running.get(decodeURIComponent(cancelled));
      if (state) state.cancelled = true;
      return void response.writeHead(202).end();
    }
    response.writeHead(path === '/healthz' ? 200 : path === '/control' ? 204 : 404).end();
  });
  await new Promise<void>((resolve) => server.listen(options.port ?? 0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  async function call(target: string, body: unknown): Promise<unknown> {
    const answer = await httpRequest(target, {
      method: 'POST',
      headers: { authorization: `Bearer ${workerToken}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    const text = await answer.body.text();
    if (answer.statusCode >= 400) throw new Error(`${target} answered ${answer.statusCode}: ${text}`);
    return JSON.parse(text);
  }

  const register = async (gatewayUrl: string) =>
    (await call(`${gatewayUrl}/internal/workers/serve/register`, {
      url,
      baseModel: { ...baseModel, parameters: 1, weights: 'none' },
      device: { kind: 'cpu', name: 'null' },
      maxRows: 1000,
      maxQueue: 10_000,
      kvCapacityTokens: 1_000_000,
    })) as { workerId: string };

  async function join(gatewayUrl: string): Promise<void> {
    let { workerId } = await register(gatewayUrl);
    const beat = async () => {
      const body: ServeHeartbeat = {
        running: running.size,
        waiting: 0,
        kvUsage: 0,
        residentAdapters: [],
        residentAdapterBytes: 0,
        stepMsP50: null,
        stepMsP99: null,
        adapterTax: null,
        generatedTokens: 0,
        promptTokens: 0,
        deviceMicros: 0,
        healthy: true,
        draining: false,
        unacknowledged: [...outbox.values()].slice(0, 1000),
      };
      const answer = (await call(`${gatewayUrl}/internal/workers/serve/${workerId}/heartbeat`, body)) as {
        acknowledged: string[];
      };
      for (const id of answer.acknowledged) outbox.delete(id);
    };
    await beat();
    const loop = () => {
      heartbeat = setTimeout(() => {
        beating = beat()
          .catch(async () => {
            // The gateway restarts, or has forgotten this worker: register anew, and try again at the next turn.
            const again = await register(gatewayUrl).catch(() => null);
            if (again) workerId = again.workerId;
          })
          .then(loop);
      }, heartbeatMs);
    };
    loop();
  }

  return {
    url,
    generated,
    running: () => running.size,
    join,
    breakStreams() {
      for (const { response } of running.values()) response.destroy();
    },
    async close() {
      clearTimeout(heartbeat);
      await beating;
      clearTimeout(heartbeat);
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Resolves when the socket has room again, or is gone. */
function writable(response: ServerResponse): Promise<void> {
  if (response.destroyed) return Promise.resolve();
  return new Promise((resolve) => {
    const done = () => {
      response.off('drain', done).off('close', done);
      resolve();
    };
    response.once('drain', done).once('close', done);
  });
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}
