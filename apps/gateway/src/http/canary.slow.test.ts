import { execFile } from 'node:child_process';
import { Writable } from 'node:stream';
import { promisify } from 'node:util';
import { canStartPostgres, openTestPostgresUrl } from '@parapet/db/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { GatewayFixture } from '../testing/gateway-fixture.ts';

const model = 'smollm2-135m-instruct';
const prompt = 'the password of the safe is OSPREY-4711';
const kinds = ['pglite', ...(canStartPostgres() ? ['postgres'] : [])];

describe.each(kinds)('on %s', (kind) => {
  let logged = '';
  let fixture: GatewayFixture;
  let server: Awaited<ReturnType<typeof openTestPostgresUrl>> | null = null;

  beforeAll(async () => {
    const logDestination = new Writable({
      write(chunk: Buffer, _encoding, done) {
        logged += chunk.toString('utf8');
        done();
      },
    });
    if (kind === 'postgres') server = await openTestPostgresUrl('own');
    fixture = await GatewayFixture.open({
      ...(server && { database: { kind: 'postgres', url: server.url, poolSize: 8 } }),
      config: { logDestination, logLevel: 'trace' },
    });
  });
  afterAll(async () => {
    await fixture.close();
    await server?.drop();
  });

  /** The whole database as text: what pg_dump writes, or every row of every table. */
  async function dump(): Promise<string> {
    if (server) {
      const { stdout } = await promisify(execFile)('pg_dump', [server.url], { maxBuffer: 1 << 30 });
      return stdout;
    }
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
      const chat = (change: object, headers: Record<string, string> = json) =>
        call('/v1/chat/completions', { method: 'POST', headers, body: body(change) });
      // Used as it should be, and in every place where it should not be.
      await chat({ stream: i % 2 === 0 });
      await chat({ n: key });
      await chat({ [key]: 1 });
      await chat({ model: key });
      await chat({ user: key, metadata: { key } });
      await chat({}, { ...json, authorization: key });
      await chat({}, { ...json, authorization: `Basic ${key}` });
      await chat({}, { ...json, 'idempotency-key': key });
      await chat({}, { ...json, 'x-parapet-organization': key, cookie: `parapet.session_token=${key}` });
      await call(`/v1/models?api_key=${key}`, { headers: json });
      await call(`/v1/models/${key}`, { headers: json });
      await call(`/v1/files/${key}`, { method: 'DELETE', headers: json });
      await call(`/${key}`, { headers: json });
      await call('/v1/models', { headers: { authorization: `Bearer ${key.slice(0, -1)}x` } });
      await call('/v1/files', { method: 'POST', headers: json, body: `${key} {` });
      await call('/trpc/keys.create', { method: 'POST', headers: json, body: JSON.stringify({ name: key }) });
      await call(`/trpc/${key}`, { headers: json });
      await call(`/auth/${key}`, { headers: json });
    }
    const metrics = await (await fetch(`${fixture.url}/metrics`)).text();
    const everything = { logs: logged, answers, metrics, database: await dump() };
    expect(logged.split('\n').length).toBeGreaterThan(1500);
    expect(everything.database).toContain('canary 99');
    for (const [where, text] of Object.entries(everything)) {
      for (const key of keys) expect(text.includes(key), `a key in the ${where}`).toBe(false);
      // The secret part alone counts as the key.
      for (const key of keys) expect(text.includes(key.slice(-40)), `a secret in the ${where}`).toBe(false);
      expect(text.includes('OSPREY-4711'), `the prompt in the ${where}`).toBe(false);
    }
  });
});
