import { ParapetError } from '@parapet/contracts/errors';
import { asTenantId, newId, type TenantId } from '@parapet/contracts/ids';
import { members, organisations, plans } from '@parapet/db/schema';
import type { Tx } from '@parapet/db/tenant';
import { eq, like, sql } from 'drizzle-orm';

/** Words that would read as something else in a model's name or a path. */
const reserved = new Set(['base', 'platform', 'admin', 'api', 'parapet', 'system']);

/** Letters, digits and hyphens of a name, for the organisation's part of its models' names. */
export function slugOf(name: string): string {
  const slug = name
    .normalize('NFKD')
    .replace(/\p{M}+/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 32)
    .replace(/-+$/, '');
  return slug === '' || reserved.has(slug) ? `org-${slug}`.replace(/-$/, '') : slug;
}

async function freeSlug(tx: Tx, name: string): Promise<string> {
  const wanted = slugOf(name);
  // Two of one name at the same moment would choose the same: the second waits for the first one's commit.
  await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended('organisation slugs', 0))`);
  const taken = new Set(
    (
      await tx
        .select({ slug: organisations.slug })
        .from(organisations)
        .where(like(organisations.slug, `${wanted}%`))
    ).map((row) => row.slug),
  );
  if (!taken.has(wanted)) return wanted;
  for (let number = 2; ; number++) {
    const slug = `${wanted}-${number}`;
    if (!taken.has(slug)) return slug;
  }
}

/** A new organisation on the default plan, with its first owner. Belongs in a transaction over all tenants. */
export async function insertOrganisation(
  tx: Tx,
  wanted: { name: string; ownerId: string; now: Date },
): Promise<{ id: TenantId; slug: string; name: string }> {
  const [plan] = await tx.select({ id: plans.id }).from(plans).where(eq(plans.isDefault, true)).limit(1);
  if (!plan) throw new ParapetError('internal', 'No plan is the default: an admin must choose one.');
  const id = newId('organisation', wanted.now.getTime());
  const slug = await freeSlug(tx, wanted.name);
  const at = { createdAt: wanted.now, updatedAt: wanted.now };
  await tx.insert(organisations).values({ id, slug, name: wanted.name, planId: plan.id, ...at });
  await tx.insert(members).values({ id: newId('member'), orgId: id, userId: wanted.ownerId, role: 'owner', ...at });
  return { id: asTenantId(id), slug, name: wanted.name };
}
