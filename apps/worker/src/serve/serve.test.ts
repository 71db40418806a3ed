import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  type GenerateEvent,
  type GenerateRequest,
  generateEventSchema,
  type RegisterServeWorker,
  registerServeWorkerSchema,
  type ServeHeartbeat,
  serveHeartbeatSchema,
} from '@parapet/contracts/serve-worker';
import { AdapterShelf, request } from '@parapet/inference/testing';
import { tinyModel, writeTinyModel } from '@parapet/models/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';

// The worker as a process, spoken to over HTTP as a gateway does; the other end of its calls is a plain server here.

const token = 'a-worker-token-of-at-least-32-characters';
const folder = mkdtempSync(join(tmpdir(), 'parapet-serve-'));
const overrides = { headDim: 16, context: 512 };
const shelf = new AdapterShelf(tinyModel(3, overrides));
const beats: ServeHeartbeat[] = [];
let registered: RegisterServeWorker | null = null;
let acknowledge: string[] = [];
let gateway: Server;
let worker: ChildProcess;

beforeAll(async () => {
  writeTinyModel(join(folder, 'model'), 3, overrides);
  gateway = createServer(async (asked, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of asked) chunks.push(chunk as Buffer);
    const body = () => JSON.parse(Buffer.concat(chunks).toString('utf8'));
    const path = asked.url ?? '';
    if (asked.headers.authorization !== `Bearer ${token}`) response.writeHead(401).end();
    else if (path.endsWith('/register')) {
      registered = registerServeWorkerSchema.parse(body());
      response.end(JSON.stringify({ workerId: 'wrk_1', heartbeatMs: 50 }));
    } else if (path.endsWith('/heartbeat')) {
      beats.push(serveHeartbeatSchema.parse(body()));
      response.end(JSON.stringify({ acknowledged: acknowledge, control: {} }));
      acknowledge = [];
    } else {
      const file = await shelf.fetch(path.split('/').at(-1)!).catch(() => null);
      if (file === null) response.writeHead(404).end();
      else response.end(file);
    }
  });
  await new Promise<void>((resolve) => gateway.listen(0, '127.0.0.1', resolve));
  worker = spawn(process.execPath, ['--import', 'tsx', fileURLToPath(new URL('./main.ts', import.meta.url))], {
    env: {
      ...process.env,
      PARAPET_GATEWAY_URL: `http://127.0.0.1:${(gateway.address() as AddressInfo).port}`,
      PARAPET_WORKER_TOKEN: token,
      PARAPET_MODEL_DIR: join(folder, 'model'),
      PARAPET_DATA: join(folder, 'data'),
      PARAPET_WEIGHTS: 'fp32',
      PARAPET_MAX_ROWS: '8',
      PARAPET_KV_TOKENS: '4096',
      PARAPET_THREADS: '1',
      PARAPET_LOG_LEVEL: 'warn',
    },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  await until(() => registered !== null);
}, 60_000);

afterAll(() => {
  worker.kill('SIGKILL');
  gateway.closeAllConnections();
  gateway.close();
});

async function until(condition: () => boolean): Promise<void> {
  for (const deadline = Date.now() + 20_000; !condition(); ) {
    if (Date.now() > deadline) throw new Error('it did not happen');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

function post(path: string, body: unknown, authorization = `Bearer ${token}`): Promise<Response> {
  const headers = { authorization, 'content-type': 'application/json' };
  return fetch(registered!.url + path, { method: 'POST', headers, body: JSON.stringify(body) });
}

async function generate(asked: GenerateRequest): Promise<GenerateEvent[]> {
  const response = await post('/generate', asked);
  expect(response.status).toBe(200);
  const lines = (await response.text()).trim().split('\n');
  return lines.map((line) => generateEventSchema.parse(JSON.parse(line)));
}

const textOf = (events: GenerateEvent[]) => events.map((event) => (event.type === 'text' ? event.text : '')).join('');

test('base and adapter rows are answered together, and what they used is reported until acknowledged', async () => {
  const config = { method: 'para', targets: 'qvu', bias: false, rank: 4, pooler: 'mean', activation: 'gelu' } as const;
  const adapter = { digest: shelf.add(config, 1, 3), strength: 1 };
  const prompt = { kind: 'chat' as const, messages: [{ role: 'user' as const, content: 'hello' }] };
  const asked = [request({ prompt }), request({ prompt, adapter }), request({ prompt, adapter, n: 2 })];
  const answers = await Promise.all(asked.map(generate));
  for (const events of answers) {
    expect(events[0]!.type).toBe('started');
    expect(events.at(-1)!.type).toBe('done');
  }
  expect(textOf(answers[0]!)).not.toBe(textOf(answers[1]!));
  const ids = asked.map(({ requestId }) => requestId);
  await until(() => ids.every((id) => beats.at(-1)!.unacknowledged.some((report) => report.requestId === id)));
  expect(beats.at(-1)!.residentAdapters).toEqual([adapter.digest]);
  acknowledge = ids;
  await until(() => beats.at(-1)!.unacknowledged.length === 0);
});

test('a cancelled stream ends with done and what was generated', async () => {
  const asked = request({ maxTokens: 400, sampling: { logitBias: { 2: -100 } } });
  const response = await post('/generate', asked);
  expect((await post(`/generate/${asked.requestId}/cancel`, {})).status).toBe(202);
  const events = (await response.text())
    .trim()
    .split('\n')
    .map((line) => generateEventSchema.parse(JSON.parse(line)));
  const last = events.at(-1)!;
  expect(last.type).toBe('done');
  expect(last.type === 'done' && last.usage.completionTokens).toBeLessThan(400);
});

test('refusals carry their status, code and field', async () => {
  const refused = async (response: Response) => ({
    status: response.status,
    ...((await response.json()) as { error: object }).error,
  });
  const long = request({ prompt: { kind: 'tokens', tokens: new Array(600).fill(5) } });
  expect(await refused(await post('/generate', long))).toMatchObject({
    status: 400,
    code: 'context_length_exceeded',
    param: 'prompt',
  });
  const gone = request({ adapter: { digest: 'f'.repeat(64), strength: 1 } });
  expect(await refused(await post('/generate', gone))).toMatchObject({ status: 404, code: 'model_not_found' });
  expect(await refused(await post('/generate', { nonsense: true }))).toMatchObject({ status: 400 });
  expect(await refused(await post('/generate', request({}), 'Bearer wrong'))).toMatchObject({ status: 401 });
  expect((await fetch(`${registered!.url}/healthz`)).status).toBe(200);
});

test('a draining worker takes nothing new; SIGTERM ends it cleanly', async () => {
  expect((await post('/control', { drain: true })).status).toBe(204);
  expect((await post('/generate', request({}))).status).toBe(503);
  const gone = new Promise((resolve) => worker.once('exit', resolve));
  worker.kill('SIGTERM');
  expect(await gone).toBe(0);
});
