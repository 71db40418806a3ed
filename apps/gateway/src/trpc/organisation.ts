import { createServiceAccount } from '@parapet/control/verbs/organisation/create-service-account';
import { getOrganisation } from '@parapet/control/verbs/organisation/get-organisation';
import { inviteMember } from '@parapet/control/verbs/organisation/invite-member';
import { listInvitations } from '@parapet/control/verbs/organisation/list-invitations';
import { listMembers } from '@parapet/control/verbs/organisation/list-members';
import { listServiceAccounts } from '@parapet/control/verbs/organisation/list-service-accounts';
import { removeMember } from '@parapet/control/verbs/organisation/remove-member';
import { removeServiceAccount } from '@parapet/control/verbs/organisation/remove-service-account';
import { revokeInvitation } from '@parapet/control/verbs/organisation/revoke-invitation';
import { setMemberRole } from '@parapet/control/verbs/organisation/set-member-role';
import { updateOrganisation } from '@parapet/control/verbs/organisation/update-organisation';
import { mutation, query, router } from './base.ts';

export const organisationRouter = router({
  get: query(getOrganisation),
  update: mutation(updateOrganisation),
  members: query(listMembers),
  setRole: mutation(setMemberRole),
  removeMember: mutation(removeMember),
  invitations: query(listInvitations),
  invite: mutation(inviteMember),
  revokeInvitation: mutation(revokeInvitation),
  serviceAccounts: query(listServiceAccounts),
  createServiceAccount: mutation(createServiceAccount),
  removeServiceAccount: mutation(removeServiceAccount),
});
