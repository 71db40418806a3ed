import { acceptInvitationInputSchema } from '@parapet/contracts/portal/session';
import { sessionView } from '@parapet/control/session';
import { acceptInvitation } from '@parapet/control/verbs/session/accept-invitation';
import { createOrganisation } from '@parapet/control/verbs/session/create-organisation';
import { declineInvitation } from '@parapet/control/verbs/session/decline-invitation';
import { endImpersonation } from '@parapet/control/verbs/session/end-impersonation';
import { previewInvitation } from '@parapet/control/verbs/session/preview-invitation';
import { switchOrganisation } from '@parapet/control/verbs/session/switch-organisation';
import { mutation, publicProcedure, router } from './base.ts';

export const sessionRouter = router({
  /** How people get in here: for the pages that nobody is signed in on. */
  signIn: publicProcedure.query(({ ctx }) => ctx.signIn),
  /** null when nobody is signed in. */
  me: publicProcedure.query(({ ctx }) => sessionView(ctx.services, ctx.person)),
  /** What an invitation's link shows before sign-in; the link's secret is the right to see it. */
  invitation: publicProcedure
    .input(acceptInvitationInputSchema)
    .query(({ ctx, input }) => previewInvitation(ctx.services, input.tokenOrId)),
  switchOrganisation: mutation(switchOrganisation),
  createOrganisation: mutation(createOrganisation),
  acceptInvitation: mutation(acceptInvitation),
  declineInvitation: mutation(declineInvitation),
  endImpersonation: mutation(endImpersonation),
});
