import { createKeyInputSchema } from '@parapet/contracts/portal/keys';
import { auditLog } from '@parapet/db/schema';
import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ControlFixture, type Person } from '../testing/control-fixture.ts';
import { createKey } from '../verbs/keys/create-key.ts';
import { listKeys } from '../verbs/keys/list-keys.ts';
import { revokeKey } from '../verbs/keys/revoke-key.ts';
import { rotateKey } from '../verbs/keys/rotate-key.ts';
import { listMembers } from '../verbs/organisation/list-members.ts';
import { removeMember } from '../verbs/organisation/remove-member.ts';
import { KeyAuthenticator } from './authenticator.ts';
import { mintKey, parseKey } from './key-format.ts';

describe('the form of a key', () => {
  it('is taken apart again, and refused when one character is mistyped', () => {
    const { text, id, hash, hint } = mintKey(Date.now());
    expect(text).toMatch(/^pk_live_[0-9A-Za-z]{73}$/);
    expect(parseKey(text)).toEqual({ id, hash });
    expect(hint).toBe(text.slice(0, 32));
    for (const at of [8, 30, 40, 75, 80]) {
      const wrong = text.slice(0, at) + (text[at] === 'a' ? 'b' : 'a') + text.slice(at + 1);
      expect(parseKey(wrong), `character ${at}`).toBeNull();
    }
    expect(parseKey(`${text}x`)).toBeNull();
  });
});

describe('keys', () => {
  let fixture: ControlFixture;
  let owner: Person;
  let keys: KeyAuthenticator;
  beforeAll(async () => {
    fixture = await ControlFixture.open();
    owner = (await fixture.organisation('Acme')).owner;
    keys = new KeyAuthenticator(fixture.services);
  });
  afterAll(async () => {
    await keys.close();
    await fixture.close();
  });
  const make = (by: Person, input: Partial<Parameters<typeof createKeyInputSchema.parse>[0] & object> = {}) =>
    createKey(fixture.as(by), createKeyInputSchema.parse({ name: 'a key', ...input }));
  const refused = { code: 'invalid_api_key' };

  it('authenticates with the rights it was made with, and is never stored', async () => {
    const { secret, key } = await make(owner, { scopes: ['inference'], requestsPerMinute: 5 });
    const principal = await keys.authenticate(secret);
    expect(principal).toMatchObject({ keyId: key.id, scopes: ['inference'], limits: { requestsPerMinute: 5 } });
    expect(principal.tenancy).toMatchObject({ id: owner.tenancy?.id, role: 'owner' });
    const everything = JSON.stringify([
      await listKeys(fixture.as(owner), undefined),
      await fixture.services.database.query('select row_to_json(k) from api_keys k'),
      await fixture.services.database.query('select row_to_json(a) from audit_log a'),
    ]);
    expect(everything).toContain(key.id);
    expect(everything).not.toContain(secret.slice(32));
  });

  it('is refused within a second of its revocation, also by a process that has it cached', async () => {
    const { secret, key } = await make(owner);
    let aheadMs = 0;
    const clock = () => new Date(Date.now() + aheadMs);
    const elsewhere = new KeyAuthenticator({ ...fixture.services, now: clock });
    await elsewhere.authenticate(secret);
    await revokeKey(fixture.as(owner), { keyId: key.id });
    aheadMs = 1000;
    await expect(elsewhere.authenticate(secret)).rejects.toMatchObject(refused);
    await elsewhere.close();
  });

  it('is looked up again while it serves, so that a busy key waits for no look-up', async () => {
    const { secret, key } = await make(owner);
    let aheadMs = 0;
    const elsewhere = new KeyAuthenticator({ ...fixture.services, now: () => new Date(Date.now() + aheadMs) });
    await elsewhere.authenticate(secret);
    await revokeKey(fixture.as(owner), { keyId: key.id });
    aheadMs = 500;
    // Answered from memory; the look-up that it begins finds the key revoked, half a second before the time is up.
    await elsewhere.authenticate(secret);
    await expect
      .poll(() =>
        elsewhere.authenticate(secret).then(
          () => 'good',
          () => 'refused',
        ),
      )
      .toBe('refused');
    await elsewhere.close();
  });

  it('rotates with an overlap, and without', async () => {
    const first = await make(owner);
    const second = await rotateKey(fixture.as(owner), { keyId: first.key.id, overlapHours: 1 });
    await keys.authenticate(first.secret);
    await keys.authenticate(second.secret);
    await expect(rotateKey(fixture.as(owner), { keyId: first.key.id, overlapHours: 1 })).rejects.toMatchObject({
      code: 'conflict',
    });
    const third = await rotateKey(fixture.as(owner), { keyId: second.key.id, overlapHours: 0 });
    keys.forget(second.key.id);
    await expect(keys.authenticate(second.secret)).rejects.toMatchObject(refused);
    await keys.authenticate(third.secret);
  });

  it('goes with its owner', async () => {
    const developer = await fixture.member(owner.tenancy!.id, 'developer');
    const { secret } = await make(developer);
    expect((await keys.authenticate(secret)).tenancy.role).toBe('developer');
    const membership = (await listMembers(fixture.as(owner), undefined)).find(
      ({ userId }) => userId === developer.userId,
    );
    await removeMember(fixture.as(owner), { memberId: membership!.id });
    await expect(new KeyAuthenticator(fixture.services).authenticate(secret)).rejects.toMatchObject(refused);
  });

  it('is changed by its owner or an admin only', async () => {
    const { key } = await make(owner);
    const developer = await fixture.member(owner.tenancy!.id, 'developer');
    await expect(revokeKey(fixture.as(developer), { keyId: key.id })).rejects.toMatchObject({
      code: 'permission_denied',
    });
    const foreign = (await fixture.organisation('Other')).owner;
    await expect(revokeKey(fixture.as(foreign), { keyId: key.id })).rejects.toMatchObject({ code: 'not_found' });
  });

  it('is made by nobody who only looks, and by no viewer', async () => {
    await expect(make({ ...owner, viewing: true })).rejects.toMatchObject({ code: 'permission_denied' });
    await expect(make(await fixture.member(owner.tenancy!.id, 'viewer'))).rejects.toMatchObject({
      code: 'permission_denied',
    });
  });

  it('leaves a chained audit row for every change', async () => {
    const rows = await fixture.services.database.db
      .select()
      .from(auditLog)
      .where(eq(auditLog.chain, owner.tenancy!.id))
      .orderBy(auditLog.sequence);
    expect(rows.map(({ sequence }) => sequence)).toEqual(rows.map((_, index) => index + 1));
    for (const [index, row] of rows.entries()) expect(row.previousDigest).toBe(rows[index - 1]?.digest ?? null);
    expect(rows[0]).toMatchObject({
      action: 'keys.create',
      actorType: 'user',
      actorId: owner.userId,
      ipAddress: '127.0.0.1',
    });
  });
});
