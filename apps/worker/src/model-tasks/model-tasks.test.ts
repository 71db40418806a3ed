import { execFileSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readdirSync, writeSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type ModelTaskFinish,
  type ModelTaskLease,
  modelTaskFinishSchema,
  modelTaskProgressSchema,
} from '@parapet/contracts/model-task';
import { writeTinyModel } from '@parapet/models/testing';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { ModelTaskLink } from './model-task-link.ts';
import { ModelTasks } from './model-tasks.ts';

// The worker's side with a real process, files and engine; the gateway's end of the wire is a plain server here.

const folder = mkdtempSync(join(tmpdir(), 'parapet-model-tasks-'));
const modelDir = join(folder, 'model');
const data = join(folder, 'data');
let digest: string;
let gateway: Server;
let waiting: ModelTaskLease | null = null;
let finished: ModelTaskFinish | null = null;
let finishedId = '';
let lastLease: ModelTaskLease;
let cancelled = 'none';
let tasks: ModelTasks | null = null;

beforeAll(async () => {
  digest = writeTinyModel(modelDir, 3, { headDim: 16, context: 512 });
  gateway = createServer(async (asked, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of asked) chunks.push(chunk as Buffer);
    const body = JSON.parse(Buffer.concat(chunks).toString('utf8'));
    if (asked.url?.endsWith('/lease')) {
      const lease = waiting;
      waiting = null;
      if (lease === null) response.writeHead(204).end();
      else response.end(JSON.stringify(lease));
    } else if (asked.url?.endsWith('/progress')) {
      modelTaskProgressSchema.parse(body);
      response.writeHead(asked.url.includes(cancelled) ? 409 : 204).end();
    } else {
      finishedId = asked.url?.split('/').at(-2) ?? '';
      finished = modelTaskFinishSchema.parse(body);
      response.writeHead(204).end();
    }
  });
  await new Promise<void>((resolve) => gateway.listen(0, '127.0.0.1', resolve));
});
afterAll(() => {
  gateway.closeAllConnections();
  gateway.close();
});
afterEach(async () => {
  await tasks?.close();
  cancelled = 'none';
});

function begin(lease: Partial<ModelTaskLease>): void {
  finished = null;
  lastLease = {
    ...{ taskId: 'task_1', fencingToken: 1, kind: 'verify', model: 'tiny', weights: null, path: null },
    ...{ baseDigest: digest, recordedFiles: null },
    ...lease,
  };
  waiting = lastLease;
  const { port } = gateway.address() as AddressInfo;
  tasks = new ModelTasks({
    link: new ModelTaskLink(`http://127.0.0.1:${port}`, 'a-worker-token-of-at-least-32-characters'),
    ...{ worker: 'serve@test', baseDigest: digest, modelPath: modelDir, data, served: 'fp32', everyMs: 100 },
    log: pino({ level: 'silent' }),
  });
  tasks.start();
}

async function until(condition: () => boolean): Promise<void> {
  for (const deadline = Date.now() + 60_000; !condition(); ) {
    if (Date.now() > deadline) throw new Error('it did not happen');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function outcome(): Promise<ModelTaskFinish['outcome']> {
  await until(() => finished !== null);
  return finished!.outcome;
}

test('a sound model is verified, file by file, and answers', async () => {
  begin({});
  const ended = await outcome();
  if (ended.status !== 'succeeded' || ended.result.kind !== 'verify') throw new Error(JSON.stringify(ended));
  expect(ended.result).toMatchObject({ against: 'none', digest, contextTokens: 512, tensors: 20 });
  expect(ended.result.files).toHaveLength(4);
});

test('quantising leaves the weights for the next start and says how well they agree', async () => {
  begin({ kind: 'quantise', weights: 'int8' });
  const ended = await outcome();
  if (ended.status !== 'succeeded' || ended.result.kind !== 'quantise') throw new Error(JSON.stringify(ended));
  const { agreement, positions, bytes, fp32Bytes, perplexity, fp32Perplexity } = ended.result;
  expect(positions).toBeGreaterThan(1000);
  // Random weights have close logits everywhere: far more positions tip over than in a trained model.
  expect(agreement).toBeGreaterThan(0.8);
  expect(agreement).toBeLessThan(1);
  expect(Math.abs(perplexity / fp32Perplexity - 1)).toBeLessThan(0.05);
  expect(bytes).toBeLessThan(fp32Bytes);
  const left = readdirSync(join(data, 'models', 'serving'));
  expect(left.some((name) => name.includes('int8'))).toBe(true);
  expect(left.filter((name) => name.startsWith('measure-'))).toEqual([]);
});

test('four bits are refused for a file that has none, with what to do', async () => {
  begin({ kind: 'quantise', weights: 'q4' });
  expect(await outcome()).toMatchObject({ status: 'failed', error: expect.stringContaining('int8 or fp32') });
});

/** A model whose first file is a pipe that nobody writes to: its task never ends by itself. */
function stuckModel(): string {
  const path = mkdtempSync(join(folder, 'stuck-'));
  execFileSync('mkfifo', [join(path, 'config.json')]);
  return path;
}

test('a cancelled task is dropped, nothing more is said of it, and the next one is done', async () => {
  cancelled = 'task_1';
  begin({ path: stuckModel() });
  await until(() => waiting === null);
  waiting = { ...lastLease, taskId: 'task_2', path: null };
  const ended = await outcome();
  expect(ended.status).toBe('succeeded');
  expect(finishedId).toBe('task_2');
});

test('a worker that stops says so of its task', async () => {
  begin({ path: stuckModel() });
  await until(() => waiting === null);
  await new Promise((resolve) => setTimeout(resolve, 500));
  await tasks?.close();
  expect(finished?.outcome).toMatchObject({ status: 'failed', error: expect.stringContaining('was stopped') });
});

test('a damaged file is named', async () => {
  begin({});
  const sound = await outcome();
  if (sound.status !== 'succeeded' || sound.result.kind !== 'verify') throw new Error(JSON.stringify(sound));
  await tasks?.close();
  const file = openSync(join(modelDir, 'model.safetensors'), 'r+');
  writeSync(file, Buffer.of(0x55), 0, 1, 9000);
  closeSync(file);
  begin({ recordedFiles: sound.result.files });
  expect(await outcome()).toMatchObject({
    status: 'failed',
    error: expect.stringMatching(/model\.safetensors is damaged.*copy it again/),
  });
});
