import { asTenantId } from '@parapet/contracts/ids';
import { sessions } from '@parapet/db/schema';
import { eq } from 'drizzle-orm';
import { z } from 'zod';
import { defineVerb } from '../../verb.ts';

/** Ends an admin's look at a tenant's portal before its time. */
export const endImpersonation = defineVerb('session.endImpersonation', z.void(), ({ write, principal, now }) =>
  write(async (tx) => {
    const [session] = await tx.select().from(sessions).where(eq(sessions.id, principal.sessionId));
    const viewed = session?.viewingOrgId ?? null;
    if (viewed === null) return { view: null, audit: null };
    await tx
      .update(sessions)
      .set({ viewingOrgId: null, viewingUntil: null, updatedAt: now })
      .where(eq(sessions.id, principal.sessionId));
    const target = { kind: 'organisation', id: viewed };
    return { view: null, audit: { target, after: { viewing: false } }, auditOrg: asTenantId(viewed) };
  }),
);
