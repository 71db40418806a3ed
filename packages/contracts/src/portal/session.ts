import { z } from 'zod';
import { roleSchema } from '../roles.ts';
import { timestampSchema } from './common.ts';

export const sessionOrganisationSchema = z.object({
  id: z.string(),
  name: z.string(),
  slug: z.string(),
  role: roleSchema,
  suspended: z.boolean(),
});
export type SessionOrganisation = z.infer<typeof sessionOrganisationSchema>;

/** session.me: null when nobody is signed in. */
export const sessionViewSchema = z.object({
  user: z.object({
    id: z.string(),
    name: z.string(),
    email: z.string(),
    emailVerified: z.boolean(),
    twoFactorEnabled: z.boolean(),
    /** False for who comes by the identity provider alone: nothing here asks them for a password. */
    hasPassword: z.boolean(),
    platformAdmin: z.boolean(),
    createdAt: timestampSchema,
  }),
  /** The one every organisation-scoped call is about; null for a person without any. */
  organisation: sessionOrganisationSchema.nullable(),
  organisations: z.array(sessionOrganisationSchema),
  /** Set while a platform admin looks at the portal as this tenant sees it: read only. */
  impersonation: z
    .object({ organisationId: z.string(), organisationName: z.string(), until: timestampSchema })
    .nullable(),
  /** Invitations to this e-mail address that wait for an answer. */
  invitations: z.array(
    z.object({
      id: z.string(),
      organisationName: z.string(),
      role: roleSchema,
      invitedBy: z.string(),
      expiresAt: timestampSchema,
    }),
  ),
});
export type SessionView = z.infer<typeof sessionViewSchema>;

export const switchOrganisationInputSchema = z.strictObject({ organisationId: z.string().max(64) });
export const createOrganisationInputSchema = z.strictObject({ name: z.string().trim().min(1).max(80) });
/** The token of the invitation's link, or its id when the signed-in e-mail address is the invited one. */
export const acceptInvitationInputSchema = z.strictObject({ tokenOrId: z.string().max(128) });
export const declineInvitationInputSchema = z.strictObject({ invitationId: z.string().max(64) });

/** session.invitation: what an invitation's link shows before sign-in. */
export const invitationPreviewSchema = z.object({
  organisationName: z.string(),
  email: z.string(),
  role: roleSchema,
  expiresAt: timestampSchema,
  state: z.enum(['pending', 'accepted', 'revoked', 'expired']),
});
export type InvitationPreview = z.infer<typeof invitationPreviewSchema>;

/** session.signIn: how this platform lets people in; asked by the pages that nobody is signed in on. */
export const signInOptionsSchema = z.object({
  signUp: z.enum(['open', 'invited']),
  /** The company's identity provider, by the name its people know it by; null = passwords alone. */
  provider: z.object({ name: z.string() }).nullable(),
});
export type SignInOptions = z.infer<typeof signInOptionsSchema>;

/** POST /auth/provider: begins a sign-in at the identity provider; `next` is the portal's page to come back to. */
export const providerSignInSchema = z.strictObject({
  next: z
    .string()
    .max(512)
    .regex(/^\/(?![/\\])/, 'is not a path of the portal')
    .default('/'),
});

/** Why a sign-in at the identity provider was refused: `error` in the address of the sign-in page. */
export type ProviderRefusal =
  | 'email_not_verified'
  | 'account_not_linked'
  | 'sign_up_by_invitation'
  | 'platform_admin'
  | 'provider_unreachable';
