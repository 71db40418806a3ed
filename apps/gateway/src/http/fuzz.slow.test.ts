import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { openAiErrorSchema } from '@parapet/contracts/errors';
import { canStartPostgres, openTestPostgresUrl } from '@parapet/db/testing';
import { Pool } from 'undici';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { mutated, odd, randomOf, textOf } from '../testing/fuzz.ts';
import { GatewayFixture } from '../testing/gateway-fixture.ts';
import { endpoints } from '../v1/endpoints.ts';

/** PARAPET_FUZZ=1000000 is the whole trial; the default keeps the suite short. */
const count = Number(process.env.PARAPET_FUZZ ?? 5_000);
const lanes = 32;
const model = 'smollm2-135m-instruct';

let database: Awaited<ReturnType<typeof openTestPostgresUrl>> | null = null;
let fixture: GatewayFixture;
let key: string;
beforeAll(async () => {
  database = canStartPostgres() ? await openTestPostgresUrl('own') : null;
  fixture = await GatewayFixture.open(database ? { database: { kind: 'postgres', url: database.url } } : {});
  key = await fixture.key(await fixture.tenant());
});
afterAll(async () => {
  await fixture?.close();
  await database?.drop();
});

const sound: Record<string, object> = {
  '/v1/chat/completions': { model, messages: [{ role: 'user', content: 'x' }], max_tokens: 1 },
  '/v1/completions': { model, prompt: 'x', max_tokens: 1 },
  '/v1/fine_tuning/jobs': { model, training_file: 'file-x', method: { type: 'supervised', supervised: {} } },
};
const fields = [
  'model',
  'messages',
  'prompt',
  'max_tokens',
  'n',
  'stop',
  'stream',
  'temperature',
  'logit_bias',
  'logprobs',
  'top_logprobs',
  'seed',
  'echo',
  'response_format',
  'parapet',
  'metadata',
  'training_file',
  'suffix',
  'method',
  'tools',
  'user',
];

const mebibytes = (bytes: number) => Math.round((bytes / 2 ** 20) * 10) / 10;

/** A full collection, of this process whatever flags it was started with. */
setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

test(`${count} fuzzed requests: no 500, every refusal in form, memory flat`, { timeout: 7_200_000 }, async () => {
  const seed = Number(process.env.PARAPET_FUZZ_SEED ?? 1);
  const pool = new Pool(fixture.url, { connections: lanes });
  const statuses = new Map<number, number>();
  let left = count;
  const heap: number[] = [];
  const resident: number[] = [];
  const one = async (random: () => number) => {
    const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
    const endpoint = pick(endpoints);
    const path =
      endpoint.path.replace(/:\w+/g, () => encodeURIComponent(textOf(pick(odd))).slice(0, 600) || 'x') +
      (random() < 0.1 ? `?${pick(fields)}=${encodeURIComponent(textOf(pick(odd)).slice(0, 200))}` : '');
    const text = JSON.stringify(mutated(sound[endpoint.path] ?? {}, random, fields));
    const body =
      endpoint.method === 'GET' ? null : random() < 0.05 ? text.slice(0, Math.floor(random() * text.length)) : text;
    const answer = await pool.request({
      method: endpoint.method,
      path,
      headers: {
        authorization: random() < 0.03 ? String(pick(['', 'Bearer', 'Bearer x', 'pk_live_'])) : `Bearer ${key}`,
        ...(body !== null && { 'content-type': random() < 0.03 ? 'text/plain' : 'application/json' }),
      },
      body,
    });
    const content = await answer.body.text();
    statuses.set(answer.statusCode, (statuses.get(answer.statusCode) ?? 0) + 1);
    if (answer.statusCode >= 500)
      throw new Error(`${endpoint.method} ${path} ${body}: ${answer.statusCode} ${content}`);
    if (answer.statusCode >= 400) openAiErrorSchema.parse(JSON.parse(content));
  };
  await Promise.all(
    Array.from({ length: lanes }, async (_, lane) => {
      const random = randomOf(seed * 1000 + lane);
      while (left-- > 0) {
        await one(random);
        if (left % Math.ceil(count / 10) !== 0) continue;
        resident.push(mebibytes(process.memoryUsage().rss));
        collectGarbage();
        heap.push(mebibytes(process.memoryUsage().heapUsed));
      }
    }),
  );
  await pool.destroy();
  console.log(Object.fromEntries([...statuses].sort(([a], [b]) => a - b)), { heap, resident });
  expect(statuses.get(200)).toBeGreaterThan(0);
  expect(statuses.get(400)).toBeGreaterThan(0);
  // What is left after a collection is what is kept: it must not grow with the requests. The rest is V8's own choice.
  expect(heap.at(-1)! - heap[Math.floor(heap.length / 2)]!).toBeLessThan(16);
  expect(resident.at(-1)! - resident[Math.floor(resident.length / 2)]!).toBeLessThan(200);
  expect((await fetch(`${fixture.url}/readyz`)).status).toBe(200);
});
