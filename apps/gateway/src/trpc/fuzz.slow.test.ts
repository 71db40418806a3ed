import { canStartPostgres, openTestPostgresUrl } from '@parapet/db/testing';
import { Pool } from 'undici';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { mutated, odd, randomOf, textOf } from '../testing/fuzz.ts';
import { GatewayFixture } from '../testing/gateway-fixture.ts';
import { appRouter } from './router.ts';

/** PARAPET_FUZZ=100000 is a long trial; the default keeps the suite short. */
const count = Number(process.env.PARAPET_FUZZ ?? 4_000);
const lanes = 16;
const origin = 'http://localhost:3000';
const person = { email: 'fuzz@example.test', password: 'a long enough password', name: 'Fuzz' };

let database: Awaited<ReturnType<typeof openTestPostgresUrl>> | null = null;
let fixture: GatewayFixture;
let cookies: string[];
beforeAll(async () => {
  database = canStartPostgres() ? await openTestPostgresUrl('own') : null;
  fixture = await GatewayFixture.open({
    ...(database && { database: { kind: 'postgres', url: database.url } }),
    config: { logLevel: 'silent' },
  });
  const enter = async (path: string, body: object) => {
    const headers = { 'content-type': 'application/json', origin };
    const answer = await fetch(`${fixture.url}/auth${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
    expect(answer.status).toBe(200);
    return answer.headers
      .getSetCookie()
      .map((line) => line.split(';')[0])
      .join('; ');
  };
  cookies = ['', await enter('/sign-up/email', person), await enter('/sign-in/email', fixture.gateway.adminSignIn!)];
});
afterAll(async () => {
  await fixture?.close();
  await database?.drop();
});

type Kind = 'query' | 'mutation' | 'subscription';
const procedures = Object.entries(appRouter._def.procedures as object as Record<string, { _def: { type: Kind } }>)
  // What a procedure has asked for is sent from then on and what it doesn't know is not, so that calls get through.
  .map(([name, { _def }]) => ({ name, kind: _def.type, needed: new Set<string>(), refused: new Set<string>() }))
  .filter(({ kind }) => kind !== 'subscription');
const signIns = [
  '/sign-in/email',
  '/sign-up/email',
  '/two-factor/enable',
  '/two-factor/verify-totp',
  '/two-factor/verify-backup-code',
  '/change-password',
  '/update-user',
  '/sign-in/social',
  '/provider',
  '/list-sessions',
  '/callback/oidc',
];

/** What inputs of the portal's procedures are made of. */
const fields: Record<string, unknown> = {
  limit: 20,
  cursor: 'aud_x',
  order: 'newest',
  sort: 'name',
  search: '%_\\',
  from: 0,
  to: 2e12,
  bucket: 'day',
  groupBy: 'key',
  format: 'csv',
  name: 'a name',
  email: 'someone@example.test',
  role: 'developer',
  keyId: 'key_x',
  jobId: 'ftjob-x',
  jobIds: ['ftjob-x'],
  datasetId: 'file-x',
  adapterId: 'ad_x',
  versionId: 'av_x',
  alias: 'live',
  memberId: 'mem_x',
  invitationId: 'inv_x',
  tokenOrId: 'x',
  serviceAccountId: 'sa_x',
  organisationId: 'org_x',
  planId: 'plan_x',
  statementId: '2026-11-01',
  webhookId: 'wh_x',
  deliveryId: 'whd_x',
  url: 'https://example.test/hook',
  events: ['quota.warning'],
  override: { adapters: 1 },
  limits: { adapters: 1 },
  reason: 'because',
  scopes: ['inference'],
  expiresAt: 2e12,
  overlapHours: 1,
  baseModel: 'smollm2-135m-instruct',
  baseModelId: 'bm_x',
  model: 'smollm2-135m-instruct',
  priority: 1,
  paused: true,
  workerId: 'wrk_x',
  password: 'a long enough password',
  code: '000000',
  provider: 'oidc',
  callbackURL: '/x',
};
const names = Object.keys(fields);

test(`${count} fuzzed calls of the portal’s API and of sign-in: no failure of ours`, {
  timeout: 3_600_000,
}, async () => {
  const pool = new Pool(fixture.url, { connections: lanes });
  const statuses = new Map<number, number>();
  let left = count;
  const one = async (random: () => number) => {
    const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
    const headers = { 'content-type': 'application/json', origin, cookie: pick(cookies) };
    const isSignIn = random() < 0.2;
    const { name, kind, needed, refused } = pick(procedures);
    const known = names.filter((field) => !refused.has(field));
    const chosen = known.filter((field) => needed.has(field) || random() < (known.length > 12 ? 0.1 : 0.5));
    const sound = Object.fromEntries(chosen.map((field) => [field, fields[field]]));
    const isEmpty = needed.has('void') && random() < 0.9;
    const input = isEmpty ? '' : (JSON.stringify(random() < 0.6 ? sound : mutated(sound, random, names)) ?? 'null');
    const isGet = isSignIn ? random() < 0.2 : kind === 'query';
    const query = isSignIn
      ? `?${pick(names)}=${encodeURIComponent(textOf(pick(odd)).slice(0, 200))}`
      : isGet
        ? input && `?input=${encodeURIComponent(input).slice(0, 6_000)}`
        : '';
    const path = isSignIn ? `/auth${pick(signIns)}` : `/trpc/${name}`;
    const answer = await pool.request({
      method: isGet ? 'GET' : 'POST',
      path: path + query,
      headers,
      body: isGet || input === '' ? null : input,
    });
    const content = await answer.body.text();
    statuses.set(answer.statusCode, (statuses.get(answer.statusCode) ?? 0) + 1);
    const told = isSignIn ? '' : content;
    for (const [, field] of told.matchAll(/Unrecognized keys?: .*?\\"(\w+)\\"/g)) refused.add(field!);
    for (const [, field] of told.matchAll(/"(\w+): Invalid input: expected \w+, received undefined/g))
      needed.add(field!);
    if (told.includes('expected void')) needed.add('void');
    if (answer.statusCode === 500) throw new Error(`${path}${query} ${input}: ${content}`);
  };
  await Promise.all(
    Array.from({ length: lanes }, async (_, lane) => {
      const random = randomOf(Number(process.env.PARAPET_FUZZ_SEED ?? 1) * 1000 + lane);
      while (left-- > 0) await one(random);
    }),
  );
  await pool.destroy();
  console.log(Object.fromEntries([...statuses].sort(([a], [b]) => a - b)));
  expect(statuses.get(200)).toBeGreaterThan(0);
  expect(statuses.get(400)).toBeGreaterThan(0);
  expect((await fetch(`${fixture.url}/readyz`)).status).toBe(200);
});
