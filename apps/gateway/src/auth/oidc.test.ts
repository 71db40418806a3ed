import { inviteMember } from '@parapet/control/verbs/organisation/invite-member';
import { createTRPCClient, httpLink } from '@trpc/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Browser } from '../testing/browser.ts';
import { GatewayFixture } from '../testing/gateway-fixture.ts';
import { type IdentityProvider, type ProvidedClaims, startIdentityProvider } from '../testing/identity-provider.ts';
import { type ReverseProxy, startReverseProxy } from '../testing/reverse-proxy.ts';
import { totp } from '../testing/totp.ts';
import type { AppRouter } from '../trpc/router.ts';
import type { OidcConfig } from './oidc.ts';

const password = 'a long enough password';

/** A gateway behind a proxy, beside a real identity provider that knows the proxy's address. */
class Place {
  private constructor(
    readonly proxy: ReverseProxy,
    readonly provider: IdentityProvider,
    readonly fixture: GatewayFixture,
  ) {}

  static async open(signUp: 'open' | 'invited', oidc: Partial<OidcConfig> = {}): Promise<Place> {
    const proxy = await startReverseProxy();
    const provider = await startIdentityProvider(`${proxy.url}/auth/callback/oidc`);
    const { issuer, clientId, clientSecret } = provider;
    const fixture = await GatewayFixture.open({
      config: {
        publicUrl: proxy.url,
        logLevel: 'silent',
        signUp,
        oidc: { issuer, clientId, clientSecret, name: 'Acme', trustEmail: false, ...oidc },
      },
    });
    proxy.target = fixture.url;
    return new Place(proxy, provider, fixture);
  }

  browser = () => new Browser(this.proxy.url);

  /** The provider's address that the portal's button leads to. */
  async begin(browser: Browser, next = '/'): Promise<string> {
    const answer = await browser.ask(`${this.proxy.url}/auth/provider`, { next });
    expect(answer.status, await answer.clone().text()).toBe(200);
    return ((await answer.json()) as { url: string }).url;
  }

  /** The whole way of a person through the provider; answers the portal's page that they end at. */
  async signIn(person: ProvidedClaims | null, { browser = this.browser(), next = '/' } = {}): Promise<URL> {
    this.provider.person = person;
    const url = await this.begin(browser, next);
    return browser.follow(url, (at) => at.origin === this.proxy.url && !at.pathname.startsWith('/auth/'));
  }

  trpc = (browser: Browser) =>
    createTRPCClient<AppRouter>({
      links: [
        httpLink({
          url: `${this.fixture.url}/trpc`,
          headers: { origin: this.proxy.url, cookie: browser.cookies('localhost') },
        }),
      ],
    });

  rows = (text: string) => this.fixture.gateway.services.control.database.query<Record<string, unknown>>(text);

  /** A person with a password, whose address nobody has verified. */
  async signUp(email: string): Promise<Browser> {
    const browser = this.browser();
    const body = { name: 'Somebody', email, password };
    expect((await browser.ask(`${this.proxy.url}/auth/sign-up/email`, body)).status).toBe(200);
    return browser;
  }

  async close(): Promise<void> {
    await this.fixture.close();
    await this.provider.close();
    await this.proxy.close();
  }
}

const errorOf = (page: URL) => [page.pathname, page.searchParams.get('error')];

describe('sign-in by OpenID Connect, where anyone may sign up', { timeout: 60_000 }, () => {
  let place: Place;
  beforeAll(async () => {
    place = await Place.open('open');
  });
  afterAll(() => place.close());

  it('says that it is there', async () => {
    const told = await place.trpc(place.browser()).session.signIn.query();
    expect(told).toEqual({ signUp: 'open', provider: { name: 'Acme' } });
  });

  it('asks the provider with PKCE, state and nonce, from the public address whatever the headers say', async () => {
    const asked = new URL(await place.begin(place.browser()));
    expect(asked.origin).toBe(place.provider.issuer);
    expect(Object.fromEntries(asked.searchParams)).toMatchObject({
      response_type: 'code',
      redirect_uri: `${place.proxy.url}/auth/callback/oidc`,
      code_challenge_method: 'S256',
      state: expect.stringMatching(/^.{16,}$/),
      nonce: expect.stringMatching(/^.{16,}$/),
      scope: 'openid profile email',
    });
  });

  it('gives a newcomer what a sign-up gives, and knows them again', async () => {
    const browser = place.browser();
    const ada = { sub: 'ada', email: 'Ada@Acme.test', email_verified: true, name: 'Ada Lovelace', role: 'admin' };
    const page = await place.signIn(ada, { browser, next: '/fine-tuning?x=1,2' });
    expect(page.href).toBe(`${place.proxy.url}/fine-tuning?x=1,2`);
    const me = await place.trpc(browser).session.me.query();
    expect(me).toMatchObject({
      user: {
        email: 'ada@acme.test',
        emailVerified: true,
        name: 'Ada Lovelace',
        platformAdmin: false,
        hasPassword: false,
      },
      organisation: { name: 'Ada Lovelace', role: 'owner' },
    });
    const actions = await place.rows(
      `select action, actor_name, ip_address from audit_log where actor_id = '${me?.user.id}' order by id`,
    );
    expect(actions.map(({ action }) => action).sort()).toEqual(['session.addIdentity', 'session.createOrganisation']);
    expect(actions.every(({ ip_address }) => ip_address !== null)).toBe(true);
    const kept = await place.rows(`select * from accounts where user_id = '${me?.user.id}'`);
    expect(kept).toMatchObject([{ account_id: 'ada', access_token: null, refresh_token: null, id_token: null }]);

    const again = place.browser();
    // Whoever holds the account at the provider is the person, whatever address they have there now.
    await place.signIn({ sub: 'ada', email: 'ada.new@acme.test', email_verified: false }, { browser: again });
    expect((await place.trpc(again).session.me.query())?.user).toMatchObject({
      id: me?.user.id,
      email: 'ada@acme.test',
    });
  });

  it('takes no address that the provider does not vouch for', async () => {
    for (const claims of [{ email_verified: false }, {}]) {
      const page = await place.signIn({ sub: 'eve', email: 'eve@acme.test', ...claims });
      expect(errorOf(page)).toEqual(['/sign-in', 'email_not_verified']);
    }
    expect(await place.rows(`select 1 from users where email = 'eve@acme.test'`)).toEqual([]);
  });

  it('leaves an account with a password alone unless both sides have verified the address', async () => {
    await place.signUp('bob@acme.test');
    const claims = { sub: 'bob', email: 'bob@acme.test' };
    const linked = async (email_verified: boolean, verifiedHere: boolean) => {
      await place.rows(`update users set email_verified = ${verifiedHere} where email = 'bob@acme.test'`);
      const browser = place.browser();
      const page = await place.signIn({ ...claims, email_verified }, { browser });
      const me = await place.trpc(browser).session.me.query();
      return me?.user.email ?? page.searchParams.get('error');
    };
    expect(await linked(true, false)).toBe('account_not_linked');
    expect(await linked(false, true)).toBe('account_not_linked');
    expect(await linked(true, true)).toBe('bob@acme.test');
    const identities = await place.rows(`select 1 from audit_log where action = 'session.addIdentity'
      and after->>'email' = 'bob@acme.test'`);
    expect(identities).toHaveLength(1);
  });

  it('makes nobody a platform admin and lets none in', async () => {
    const page = await place.signIn({ sub: 'root', email: 'admin@parapet.local', email_verified: true });
    expect(errorOf(page)).toEqual(['/sign-in', 'platform_admin']);
    expect(await place.rows(`select 1 from accounts where account_id = 'root'`)).toEqual([]);
    // Linked before their promotion: no way in either.
    const carl = { sub: 'carl', email: 'carl@acme.test', email_verified: true, name: 'Carl' };
    await place.signIn(carl);
    await place.rows(`update users set role = 'admin' where email = 'carl@acme.test'`);
    expect(errorOf(await place.signIn(carl))).toEqual(['/sign-in', 'platform_admin']);
  });

  it('asks for the second factor of who has one', async () => {
    const browser = place.browser();
    const dana = { sub: 'dana', email: 'dana@acme.test', email_verified: true, name: 'Dana' };
    await place.signIn(dana, { browser });
    // As the portal asks for someone without a password.
    const enabled = await browser.ask(`${place.proxy.url}/auth/two-factor/enable`, { password: '' });
    const { totpURI } = (await enabled.json()) as { totpURI: string };
    const secret = new URL(totpURI).searchParams.get('secret') ?? '';
    const verify = (by: Browser) => by.ask(`${place.proxy.url}/auth/two-factor/verify-totp`, { code: totp(secret) });
    expect((await verify(browser)).status).toBe(200);

    const again = place.browser();
    const page = await place.signIn(dana, { browser: again, next: '/keys' });
    expect([page.pathname, page.searchParams.get('next')]).toEqual(['/two-factor', '/keys']);
    expect(await place.trpc(again).session.me.query()).toBeNull();
    expect((await verify(again)).status).toBe(200);
    expect((await place.trpc(again).session.me.query())?.user.email).toBe('dana@acme.test');
  });

  it('refuses a state that it did not give this browser', async () => {
    place.provider.person = { sub: 'mal', email: 'mal@acme.test', email_verified: true };
    const callback = async (browser: Browser) =>
      browser.follow(await place.begin(browser), (at) => at.pathname === '/auth/callback/oidc');
    const end = async (browser: Browser, url: URL) =>
      errorOf(await browser.follow(url.href, (at) => !at.pathname.startsWith('/auth/')));
    const mine = place.browser();
    const tampered = await callback(mine);
    tampered.searchParams.set('state', `${tampered.searchParams.get('state')}x`);
    expect(await end(mine, tampered)).toEqual(['/sign-in', 'state_mismatch']);
    expect(await end(place.browser(), await callback(place.browser()))).toEqual(['/sign-in', 'state_mismatch']);
    const missing = await callback(mine);
    missing.searchParams.delete('state');
    expect(await end(mine, missing)).toEqual(['/sign-in', 'state_not_found']);
    expect(await place.rows(`select 1 from users where email = 'mal@acme.test'`)).toEqual([]);
  });

  it('comes back to the sign-in page when the person cancels there', async () => {
    const page = await place.signIn(null, { next: '/keys' });
    expect([...errorOf(page), page.searchParams.get('next')]).toEqual(['/sign-in', 'access_denied', '/keys']);
  });

  it('leads nowhere but to its own pages, and through no other door', async () => {
    const ask = (path: string, body: object) => place.browser().ask(`${place.proxy.url}${path}`, body);
    for (const next of ['https://evil.example', '//evil.example', '/\\evil.example', 7]) {
      const answer = await ask('/auth/provider', { next });
      expect(answer.status).toBe(400);
      expect(await answer.json()).toMatchObject({ error: { type: 'invalid_request_error', param: 'next' } });
    }
    const around = await ask('/auth/sign-in/social', { provider: 'oidc', callbackURL: place.proxy.url });
    expect(around.status).toBe(404);
  });
});

describe('sign-in by OpenID Connect, where sign-up is by invitation', { timeout: 60_000 }, () => {
  let place: Place;
  beforeAll(async () => {
    place = await Place.open('invited', { trustEmail: true });
  });
  afterAll(() => place.close());

  it('turns away whom nobody invited', async () => {
    const page = await place.signIn({ sub: 'ada', email: 'ada@acme.test', email_verified: true });
    expect(errorOf(page)).toEqual(['/sign-in', 'sign_up_by_invitation']);
    expect(await place.rows(`select 1 from users where email = 'ada@acme.test'`)).toEqual([]);
  });

  it('takes who is invited into the organisation whose link they came by', async () => {
    const { control } = place.fixture.gateway.services;
    const invite = async () => {
      const principal = await place.fixture.tenant();
      const origin = { ip: null, userAgent: 'test', requestId: null };
      const input = { email: 'guest@acme.test', role: 'developer' as const };
      return {
        slug: principal.tenancy?.slug,
        ...(await inviteMember({ services: control, principal, origin }, input)),
      };
    };
    await invite();
    const second = await invite();
    const browser = place.browser();
    // This provider says nothing of addresses, and the platform is told to trust it with them.
    const guest = { sub: 'guest', email: 'guest@acme.test', name: 'Guest' };
    const page = await place.signIn(guest, { browser, next: `/invitation/${second.token}` });
    expect(page.pathname).toBe('/');
    const me = await place.trpc(browser).session.me.query();
    expect(me?.organisations).toMatchObject([{ slug: second.slug, role: 'developer' }]);
    expect(me?.invitations).toHaveLength(1);
  });

  it('does not take an address that the provider says is not verified', async () => {
    const page = await place.signIn({ sub: 'eve', email: 'eve@acme.test', email_verified: false });
    expect(errorOf(page)).toEqual(['/sign-in', 'email_not_verified']);
  });

  it('says so when the provider fails on the way, and when it can’t be reached at all', async () => {
    const browser = place.browser();
    place.provider.person = { sub: 'guest', email: 'guest@acme.test', email_verified: true };
    const callback = await browser.follow(await place.begin(browser), (at) => at.pathname === '/auth/callback/oidc');
    await place.provider.close();
    const page = await browser.follow(callback.href, (at) => !at.pathname.startsWith('/auth/'));
    expect(errorOf(page)).toEqual(['/sign-in', 'invalid_code']);

    const { issuer, clientId, clientSecret } = place.provider;
    const oidc = { issuer, clientId, clientSecret, name: 'Acme', trustEmail: false };
    const other = await GatewayFixture.open({ config: { oidc, logLevel: 'silent' } });
    const ask = (path: string, body: object) => new Browser('http://localhost:3000').ask(other.url + path, body);
    const answer = await ask('/auth/provider', {});
    expect(answer.status).toBe(503);
    expect(await answer.json()).toMatchObject({ error: { code: 'provider_unreachable' } });
    expect((await ask('/auth/sign-up/email', { name: 'P', email: 'p@acme.test', password })).status).toBe(200);
    await other.close();
  });
});
