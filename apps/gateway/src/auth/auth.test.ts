import { toOpenAiError } from '@parapet/contracts/errors';
import { ControlFixture } from '@parapet/control/testing';
import { inviteMember } from '@parapet/control/verbs/organisation/invite-member';
import Fastify, { type FastifyInstance } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createAuth } from './auth.ts';
import { createFirstAdmin } from './first-admin.ts';
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
    registerAuth(app, auth, publicUrl, allowedOrigins(publicUrl));
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

  it('makes the first admin once, whose password works', async () => {
    const [first, second] = await Promise.all([createFirstAdmin(fixture.services), createFirstAdmin(fixture.services)]);
    const made = [first, second].filter((admin) => admin !== null);
    expect(made).toHaveLength(1);
    const into = await post('/sign-in/email', made[0] ?? {});
    expect(into.statusCode, into.body).toBe(200);
    expect(await sessions.authenticate({ cookie: cookieOf(into) })).toMatchObject({ platformAdmin: true });
  });
});
