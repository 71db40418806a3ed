import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ControlFixture, type Person } from '../testing/control-fixture.ts';
import { inviteMember } from '../verbs/organisation/invite-member.ts';
import { listInvitations } from '../verbs/organisation/list-invitations.ts';
import { listMembers } from '../verbs/organisation/list-members.ts';
import { removeMember } from '../verbs/organisation/remove-member.ts';
import { revokeInvitation } from '../verbs/organisation/revoke-invitation.ts';
import { setMemberRole } from '../verbs/organisation/set-member-role.ts';
import { acceptInvitation } from '../verbs/session/accept-invitation.ts';
import { createOrganisation } from '../verbs/session/create-organisation.ts';
import { previewInvitation } from '../verbs/session/preview-invitation.ts';
import { switchOrganisation } from '../verbs/session/switch-organisation.ts';
import { slugOf } from './create-organisation.ts';
import { sessionPrincipal } from './people.ts';

describe('organisations', () => {
  let fixture: ControlFixture;
  let owner: Person;
  beforeAll(async () => {
    fixture = await ControlFixture.open();
    owner = (await fixture.organisation('Acme')).owner;
  });
  afterAll(() => fixture.close());

  it('have slugs of letters, digits and hyphens, each their own', async () => {
    expect(['Über Engines & Söhne', '  --  ', 'Admin', 'x'.repeat(80)].map(slugOf)).toEqual([
      'uber-engines-sohne',
      'org',
      'org-admin',
      'x'.repeat(32),
    ]);
    const person = await fixture.person('Twice');
    const slugs = [];
    for (let i = 0; i < 3; i++) slugs.push((await createOrganisation(fixture.as(person), { name: 'Acme' })).slug);
    expect(slugs).toEqual(['acme-2', 'acme-3', 'acme-4']);
  });

  it('invite by a link that works once, for the invited address only, until it is revoked or a week is over', async () => {
    const guest = await fixture.person('Guest');
    const { token, invitation } = await inviteMember(fixture.as(owner), { email: guest.email, role: 'developer' });
    expect(await previewInvitation(fixture.services, token)).toMatchObject({
      organisationName: 'Acme',
      state: 'pending',
    });
    const stored = await fixture.services.database.query('select row_to_json(i) from invitations i');
    expect(JSON.stringify(stored)).not.toContain(token);

    const other = await fixture.person('Other');
    const missing = { code: 'not_found' };
    await expect(acceptInvitation(fixture.as(other), { tokenOrId: token })).rejects.toMatchObject(missing);
    // Anyone may sign up under an address that isn't theirs: the id alone, without the link, proves nothing.
    const byId = acceptInvitation(fixture.as(guest), { tokenOrId: invitation.id });
    await expect(byId).rejects.toMatchObject({ code: 'permission_denied' });
    const joined = await acceptInvitation(fixture.as(guest), { tokenOrId: token });
    expect(joined).toMatchObject({ name: 'Acme', role: 'developer' });
    expect(await sessionPrincipal(fixture.services, guest.sessionId, null)).toMatchObject({
      tenancy: { id: joined.id },
    });
    await expect(acceptInvitation(fixture.as(guest), { tokenOrId: token })).rejects.toMatchObject({ code: 'conflict' });

    const late = await inviteMember(fixture.as(owner), { email: other.email, role: 'viewer' });
    const nextWeek = {
      ...fixture.as(other),
      services: { ...fixture.services, now: () => new Date(Date.now() + 8 * 86_400_000) },
    };
    await expect(acceptInvitation(nextWeek, { tokenOrId: late.token })).rejects.toMatchObject({ code: 'conflict' });
    await revokeInvitation(fixture.as(owner), { invitationId: late.invitation.id });
    await expect(acceptInvitation(fixture.as(other), { tokenOrId: late.token })).rejects.toMatchObject({
      code: 'conflict',
    });
    const states = (await listInvitations(fixture.as(owner), undefined)).map(({ state }) => state);
    expect(states.sort()).toEqual(['accepted', 'revoked']);
  });

  it('always keep an owner, whom only owners make', async () => {
    const admin = await fixture.member(owner.tenancy!.id, 'admin');
    const members = await listMembers(fixture.as(owner), undefined);
    const idOf = (person: Person) => members.find(({ userId }) => userId === person.userId)!.id;
    const conflict = { code: 'conflict' };
    const denied = { code: 'permission_denied' };
    const stepDown = { memberId: idOf(owner), role: 'admin' as const };
    await expect(setMemberRole(fixture.as(owner), stepDown)).rejects.toMatchObject(conflict);
    await expect(removeMember(fixture.as(owner), { memberId: idOf(owner) })).rejects.toMatchObject(conflict);
    const promote = { memberId: idOf(admin), role: 'owner' as const };
    await expect(setMemberRole(fixture.as(admin), promote)).rejects.toMatchObject(denied);
    await expect(removeMember(fixture.as(admin), { memberId: idOf(owner) })).rejects.toMatchObject(denied);
    const invite = inviteMember(fixture.as(admin), { email: 'boss@example.test', role: 'owner' });
    await expect(invite).rejects.toMatchObject(denied);
    await setMemberRole(fixture.as(owner), promote);
    await setMemberRole(fixture.as(owner), stepDown);
  });

  it('are switched to by their members only', async () => {
    const other = (await fixture.organisation('Closed')).owner;
    const into = { organisationId: other.tenancy!.id };
    await expect(switchOrganisation(fixture.as(owner), into)).rejects.toMatchObject({ code: 'not_found' });
    expect((await sessionPrincipal(fixture.services, owner.sessionId, into.organisationId))?.tenancy).toBeNull();
  });
});
