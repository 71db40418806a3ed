import type { QuotaLimits, QuotaOverride } from '@parapet/contracts/quota';
import { boolean, index, jsonb, pgTable, text, uniqueIndex } from 'drizzle-orm/pg-core';
import { users } from './auth.ts';
import { createdAt, moment, updatedAt } from './columns.ts';

export const memberRoles = ['owner', 'admin', 'developer', 'viewer'] as const;

/** What an organisation may use; every organisation has one, and overrides of its own. */
export const plans = pgTable('plans', {
  id: text('id').primaryKey(),
  name: text('name').notNull().unique(),
  description: text('description').notNull().default(''),
  limits: jsonb('limits').$type<QuotaLimits>().notNull(),
  /** The one new organisations get. */
  isDefault: boolean('is_default').notNull().default(false),
  archivedAt: moment('archived_at'),
  createdAt: createdAt(),
  updatedAt: updatedAt(),
});

export const organisations = pgTable('organisations', {
  id: text('id').primaryKey(),
  /** Part of the names of its models: a–z, 0–9 and dashes. */
  slug: text('slug').notNull().unique(),
  name: text('name').notNull(),
  planId: text('plan_id')
    .notNull()
    .references(() => plans.id),
  status: text('status', { enum: ['active', 'suspended', 'deleted'] })
    .notNull()
    .default('active'),
  suspendedReason: text('suspended_reason'),
  settings: jsonb('settings').$type<Record<string, unknown>>().notNull().default({}),
  createdAt: createdAt(),
  updatedAt: updatedAt(),
  deletedAt: moment('deleted_at'),
});

/** Keys that are there win over the plan's; null = no limit. */
export const quotaOverrides = pgTable('quota_overrides', {
  orgId: text('org_id')
    .primaryKey()
    .references(() => organisations.id, { onDelete: 'cascade' }),
  limits: jsonb('limits').$type<QuotaOverride>().notNull(),
  note: text('note').notNull().default(''),
  updatedBy: text('updated_by'),
  createdAt: createdAt(),
  updatedAt: updatedAt(),
});

export const members = pgTable(
  'members',
  {
    id: text('id').primaryKey(),
    orgId: text('org_id')
      .notNull()
      .references(() => organisations.id, { onDelete: 'cascade' }),
    userId: text('user_id')
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    role: text('role', { enum: memberRoles }).notNull(),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (t) => [uniqueIndex('members_org_user_idx').on(t.orgId, t.userId), index('members_user_idx').on(t.userId)],
);

export const invitations = pgTable(
  'invitations',
  {
    id: text('id').primaryKey(),
    orgId: text('org_id')
      .notNull()
      .references(() => organisations.id, { onDelete: 'cascade' }),
    email: text('email').notNull(),
    role: text('role', { enum: memberRoles }).notNull(),
    /** SHA-256 of the secret in the invitation's link. */
    tokenHash: text('token_hash').notNull().unique(),
    invitedBy: text('invited_by'),
    expiresAt: moment('expires_at').notNull(),
    acceptedAt: moment('accepted_at'),
    revokedAt: moment('revoked_at'),
    createdAt: createdAt(),
  },
  (t) => [index('invitations_org_idx').on(t.orgId), index('invitations_email_idx').on(t.email)],
);

/** A member that is no person: owns keys, cannot sign in. */
export const serviceAccounts = pgTable(
  'service_accounts',
  {
    id: text('id').primaryKey(),
    orgId: text('org_id')
      .notNull()
      .references(() => organisations.id, { onDelete: 'cascade' }),
    name: text('name').notNull(),
    role: text('role', { enum: memberRoles }).notNull(),
    createdBy: text('created_by'),
    disabledAt: moment('disabled_at'),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (t) => [uniqueIndex('service_accounts_org_name_idx').on(t.orgId, t.name)],
);
