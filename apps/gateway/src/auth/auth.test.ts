import { toOpenAiError } from '@parapet/contracts/errors';
import { ControlFixture } from '@parapet/control/testing';
import { inviteMember } from '@parapet/control/verbs/organisation/invite-member';
import Fastify, { type FastifyInstance } from 'fastify';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { totp } from '../testing/totp.ts';
import { createAuth } from './auth.ts';
import { createFirstAdmin } from './first-admin.ts';
import { forgetSignIns } from './forget-sign-ins.ts';
import { allowedOrigins } from './origin.ts';
import { registerAuth } from './register-auth.ts';
import { SessionAuthenticator } from './session.ts';

const publicUrl = 'http://localhost:3000';

describe('sign-in', () => {
  let fixture: ControlFixture;
  let app: FastifyInstance;
  let sessions: SessionAuthenticator;
  beforeAll(async () => {
    fixture = await ControlFixture.open();
    const auth = createAuth(fixture.services, { secret: 'x'.repeat(40), publicUrl });
    app = Fastify();
    const { metering } = fixture.services;
    registerAuth(app, auth, { publicUrl, allowed: allowedOrigins(publicUrl), metering });
    app.setErrorHandler((error, _request, reply) => {
      const { status, body } = toOpenAiError(error);
      return reply.code(status).send(body);
    });
    sessions = new SessionAuthenticator(auth, fixture.services);
  });
  afterAll(async () => {
    await app.close();
    await fixture.close();
  });

  const post = (path: string, payload: object, headers: Record<string, string> = {}) =>
    app.inject({ method: 'POST', url: `/auth${path}`, payload, headers: { origin: publicUrl, ...headers } });
  const cookieOf = (answer: { headers: Record<string, unknown> }) =>
    [answer.headers['set-cookie']]
      .flat()
      .map((cookie) => String(cookie).split(';')[0])
      .join('; ');
  const password = 'a long enough password';

  it('signs up with an organisation of their own, in again, and out', async () => {
    const email = 'ada@example.test';
    const named = { 'x-parapet-organisation-name': encodeURIComponent('Über Engines') };
    const up = await post('/sign-up/email', { name: 'Ada Lovelace', email, password }, named);
    expect(up.statusCode, up.body).toBe(200);
    const principal = await sessions.authenticate({ cookie: cookieOf(up) });
    expect(principal).toMatchObject({
      email,
      platformAdmin: false,
      tenancy: { slug: 'uber-engines', name: 'Über Engines' },
    });
    const into = await post('/sign-in/email', { email, password });
    expect(into.statusCode).toBe(200);
    const cookie = cookieOf(into);
    expect(await sessions.authenticate({ cookie })).not.toBeNull();
    expect((await post('/sign-out', {}, { cookie })).statusCode).toBe(200);
    expect(await sessions.authenticate({ cookie })).toBeNull();
  });

  it('refuses a wrong password, a forged cookie and a foreign origin', async () => {
    expect((await post('/sign-in/email', { email: 'ada@example.test', password: 'not the password' })).statusCode).toBe(
      401,
    );
    expect(await sessions.authenticate({ cookie: 'parapet.session_token=abc.def' })).toBeNull();
    const into = await post('/sign-in/email', { email: 'ada@example.test', password });
    const elsewhere = await post('/sign-out', {}, { cookie: cookieOf(into), origin: 'https://evil.example' });
    expect(elsewhere.statusCode).toBe(403);
  });

  it('gives no tenancy for an organisation that the person is not in', async () => {
    const into = await post('/sign-in/email', { email: 'ada@example.test', password });
    const other = await fixture.organisation('Other');
    const cookie = cookieOf(into);
    const principal = await sessions.authenticate({ cookie, 'x-parapet-organization': other.id });
    expect(principal?.tenancy).toBeNull();
  });

  it('signs up into the organisation that invited, and not at all with a bad invitation', async () => {
    const { owner } = await fixture.organisation('Hosts');
    const { token } = await inviteMember(fixture.as(owner), { email: 'guest@example.test', role: 'developer' });
    const header = { 'x-parapet-invitation': token };
    const wrong = await post('/sign-up/email', { name: 'Else', email: 'else@example.test', password }, header);
    expect(wrong.statusCode).toBe(400);
    const rows = await fixture.services.database.query(`select 1 from users where email = 'else@example.test'`);
    expect(rows).toEqual([]);
    const up = await post('/sign-up/email', { name: 'Guest', email: 'guest@example.test', password }, header);
    expect(up.statusCode, up.body).toBe(200);
    const principal = await sessions.authenticate({ cookie: cookieOf(up) });
    expect(principal?.tenancy).toMatchObject({ id: owner.tenancy?.id, role: 'developer' });
  });

  it('asks for the second factor once it is set up, and takes a backup code once', async () => {
    const email = 'totp@example.test';
    const cookie = cookieOf(await post('/sign-up/email', { name: 'Totp', email, password }));
    const enabled = (await post('/two-factor/enable', { password }, { cookie })).json() as {
      totpURI: string;
      backupCodes: string[];
    };
    const secret = new URL(enabled.totpURI).searchParams.get('secret') ?? '';
    const verified = await post('/two-factor/verify-totp', { code: totp(secret) }, { cookie });
    expect(verified.statusCode, verified.body).toBe(200);

    const half = await post('/sign-in/email', { email, password });
    expect(half.json()).toMatchObject({ twoFactorRedirect: true });
    const halfCookie = cookieOf(half);
    expect(await sessions.authenticate({ cookie: halfCookie })).toBeNull();
    const wrong = await post('/two-factor/verify-totp', { code: '000000' }, { cookie: halfCookie });
    expect(wrong.statusCode).toBe(401);
    const right = await post('/two-factor/verify-totp', { code: totp(secret) }, { cookie: halfCookie });
    expect(right.statusCode, right.body).toBe(200);
    expect(await sessions.authenticate({ cookie: cookieOf(right) })).toMatchObject({ email });

    const [code] = enabled.backupCodes;
    const withBackup = async () => {
      const again = cookieOf(await post('/sign-in/email', { email, password }));
      return (await post('/two-factor/verify-backup-code', { code }, { cookie: again })).statusCode;
    };
    expect(await withBackup()).toBe(200);
    expect(await withBackup()).toBe(401);
    const stored = JSON.stringify(await fixture.services.database.query('select row_to_json(t) from two_factors t'));
    expect(stored).not.toContain(secret);
    expect(stored).not.toContain(code);
  });

  it('counts attempts across gateways, however their path is spelt', async () => {
    const second = Fastify();
    const { metering } = fixture.services;
    const auth = createAuth(fixture.services, { secret: 'x'.repeat(40), publicUrl });
    registerAuth(second, auth, { publicUrl, allowed: allowedOrigins(publicUrl), metering });
    const paths = ['/auth/two-factor/verify-totp', '/auth/two-factor/verify%2Dtotp', '/auth//two-factor/verify-totp/'];
    const attempt = (i: number) =>
      [app, second][i % 2]!.inject({
        method: 'POST',
        url: paths[i % 3]!,
        payload: { code: '000000' },
        headers: { origin: publicUrl },
        remoteAddress: '192.0.2.7',
      });
    const statuses = [];
    for (let i = 0; i < 12; i++) statuses.push((await attempt(i)).statusCode);
    expect(statuses.slice(0, 10)).not.toContain(429);
    expect(statuses.slice(10)).toEqual([429, 429]);
    expect((await attempt(0)).headers['retry-after']).toMatch(/^[1-6]$/);
    await second.close();
  });

  it('forgets sessions that have ended, and no others', async () => {
    const cookie = cookieOf(await post('/sign-up/email', { name: 'Ends', email: 'ends@example.test', password }));
    const database = fixture.services.database;
    const expire = (days: number) =>
      database.query(`update sessions set expires_at = now() + interval '${days} days'
        where user_id = (select id from users where email = 'ends@example.test')`);
    await expire(1);
    await forgetSignIns(database);
    expect(await sessions.authenticate({ cookie })).not.toBeNull();
    await expire(-1);
    expect(await forgetSignIns(database)).toBe(1);
    const [left] = await database.query<{ count: number }>(
      `select count(*)::int as count from sessions where expires_at < now()`,
    );
    expect(left?.count).toBe(0);
  });

  it('leaves a failure of the database to our own log, and answers it in form', async () => {
    const printed = vi.spyOn(console, 'error').mockImplementation(() => {});
    const cookie = cookieOf(await post('/sign-up/email', { name: 'Nul', email: 'nul@example.test', password }));
    // The gateway refuses this at its door; here it reaches Postgres, which keeps no NUL.
    const answer = await post('/update-user', { name: 'secret\u0000name' }, { cookie });
    expect(answer.statusCode).toBe(500);
    expect(answer.json()).toMatchObject({ error: { code: 'internal_error' } });
    expect(answer.body).not.toContain('secret');
    expect(printed).not.toHaveBeenCalled();
    printed.mockRestore();
  });

  it('makes the first admin once, whose password works', async () => {
    const [first, second] = await Promise.all([createFirstAdmin(fixture.services), createFirstAdmin(fixture.services)]);
    const made = [first, second].filter((admin) => admin !== null);
    expect(made).toHaveLength(1);
    const into = await post('/sign-in/email', made[0] ?? {});
    expect(into.statusCode, into.body).toBe(200);
    expect(await sessions.authenticate({ cookie: cookieOf(into) })).toMatchObject({ platformAdmin: true });
  });
});
