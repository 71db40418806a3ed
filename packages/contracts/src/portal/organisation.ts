import { z } from 'zod';
import { roleSchema } from '../roles.ts';
import { timestampSchema } from './common.ts';

export const organisationViewSchema = z.object({
  id: z.string(),
  name: z.string(),
  /** In model names: ft:{base}:{slug}:{suffix}:{id}. Fixed once made. */
  slug: z.string(),
  plan: z.object({ id: z.string(), name: z.string() }),
  suspended: z.boolean(),
  createdAt: timestampSchema,
});
export type OrganisationView = z.infer<typeof organisationViewSchema>;

export const updateOrganisationInputSchema = z.strictObject({ name: z.string().trim().min(1).max(80) });

export const memberViewSchema = z.object({
  id: z.string(),
  userId: z.string(),
  name: z.string(),
  email: z.string(),
  role: roleSchema,
  twoFactorEnabled: z.boolean(),
  joinedAt: timestampSchema,
});
export type MemberView = z.infer<typeof memberViewSchema>;
export const setMemberRoleInputSchema = z.strictObject({ memberId: z.string().max(64), role: roleSchema });
export const removeMemberInputSchema = z.strictObject({ memberId: z.string().max(64) });

export const invitationViewSchema = z.object({
  id: z.string(),
  email: z.string(),
  role: roleSchema,
  invitedBy: z.string(),
  createdAt: timestampSchema,
  expiresAt: timestampSchema,
  state: z.enum(['pending', 'accepted', 'revoked', 'expired']),
});
export type InvitationView = z.infer<typeof invitationViewSchema>;
export const inviteMemberInputSchema = z.strictObject({ email: z.email().max(254), role: roleSchema });
/** The link is shown once: without a mail server, the inviter hands it over. */
export const createdInvitationSchema = z.object({
  invitation: invitationViewSchema,
  token: z.string(),
  path: z.string(),
});
export type CreatedInvitation = z.infer<typeof createdInvitationSchema>;
export const revokeInvitationInputSchema = z.strictObject({ invitationId: z.string().max(64) });

/** A member that is no person: it holds keys and has a role, and can't sign in. */
export const serviceAccountViewSchema = z.object({
  id: z.string(),
  name: z.string(),
  role: roleSchema,
  keys: z.int(),
  createdAt: timestampSchema,
});
export type ServiceAccountView = z.infer<typeof serviceAccountViewSchema>;
export const createServiceAccountInputSchema = z.strictObject({
  name: z.string().trim().min(1).max(80),
  role: roleSchema.exclude(['owner']),
});
export const removeServiceAccountInputSchema = z.strictObject({ serviceAccountId: z.string().max(64) });
