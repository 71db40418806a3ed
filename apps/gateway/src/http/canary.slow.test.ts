import { Writable } from 'node:stream';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { GatewayFixture } from '../testing/gateway-fixture.ts';

const model = 'smollm2-135m-instruct';
const prompt = 'the password of the safe is OSPREY-4711';
let logged = '';
let fixture: GatewayFixture;

beforeAll(async () => {
  const logDestination = new Writable({
    write(chunk: Buffer, _encoding, done) {
      logged += chunk.toString('utf8');
      done();
    },
  });
  fixture = await GatewayFixture.open({ config: { logDestination, logLevel: 'trace' } });
});
afterAll(() => fixture.close());

/** Every row of every table, as text. */
async function dump(): Promise<string> {
  const { database } = fixture.gateway.services.control;
  const tables = await database.query<{ name: string }>(
    `select quote_ident(schemaname) || '.' || quote_ident(tablename) as name from pg_tables
     where schemaname not in ('pg_catalog', 'information_schema')`,
  );
  let text = '';
  for (const { name } of tables) {
    const rows = await database.query<{ row: string }>(`select t::text as row from ${name} t`);
    text += rows.map(({ row }) => row).join('\n');
  }
  return text;
}

test('100 keys and a prompt are in no log, error, metric or table', async () => {
  const owner = await fixture.tenant();
  const keys: string[] = [];
  let answers = '';
  const call = async (path: string, init: RequestInit = {}) => {
    const answer = await fetch(fixture.url + path, init);
    answers += await answer.text();
    for (const [name, value] of answer.headers) answers += `${name}: ${value}\n`;
  };
  for (let i = 0; i < 100; i++) {
    const key = await fixture.key(owner, { name: `canary ${i}` });
    keys.push(key);
    const json = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
    const body = (change: object) =>
      JSON.stringify({ model, messages: [{ role: 'user', content: prompt }], max_tokens: 1, ...change });
    // Used as it should be, and in every place where it should not be.
    await call('/v1/chat/completions', { method: 'POST', headers: json, body: body({ stream: i % 2 === 0 }) });
    if (i % 10 !== 0) continue;
    await call('/v1/chat/completions', { method: 'POST', headers: json, body: body({ n: key }) });
    await call('/v1/chat/completions', { method: 'POST', headers: { ...json, authorization: key }, body: body({}) });
    await call('/v1/chat/completions', {
      method: 'POST',
      headers: { ...json, 'idempotency-key': `k${i}` },
      body: body({}),
    });
    await call(`/v1/models?api_key=${key}`, { headers: json });
    await call('/v1/models', { headers: { authorization: `Bearer ${key.slice(0, -1)}x` } });
    await call('/v1/files', { method: 'POST', headers: json, body: `${key} {` });
    await call('/trpc/keys.create', { method: 'POST', headers: json, body: JSON.stringify({ name: 'x' }) });
  }
  const metrics = await (await fetch(`${fixture.url}/metrics`)).text();
  const everything = { logs: logged, answers, metrics, database: await dump() };
  expect(logged.split('\n').length).toBeGreaterThan(150);
  for (const [where, text] of Object.entries(everything)) {
    for (const key of keys) expect(text.includes(key), `a key in the ${where}`).toBe(false);
    // The secret part alone counts as the key.
    for (const key of keys) expect(text.includes(key.slice(-40)), `a secret in the ${where}`).toBe(false);
    expect(text.includes('OSPREY-4711'), `the prompt in the ${where}`).toBe(false);
  }
});
