import { ParapetError } from '@parapet/contracts/errors';
import { newId } from '@parapet/contracts/ids';
import {
  type PlanView,
  planIdInputSchema,
  planInputSchema,
  updatePlanInputSchema,
} from '@parapet/contracts/portal/admin';
import { organisations, plans } from '@parapet/db/schema';
import type { Tx } from '@parapet/db/tenant';
import { and, asc, count, eq, isNull, ne, type SQL } from 'drizzle-orm';
import { z } from 'zod';
import { defineVerb } from '../../verb.ts';

function selectPlans(tx: Tx, where?: SQL): Promise<PlanView[]> {
  return tx
    .select({
      id: plans.id,
      name: plans.name,
      limits: plans.limits,
      isDefault: plans.isDefault,
      tenants: count(organisations.id),
    })
    .from(plans)
    .leftJoin(organisations, and(eq(organisations.planId, plans.id), ne(organisations.status, 'deleted')))
    .where(and(isNull(plans.archivedAt), where))
    .groupBy(plans.id)
    .orderBy(asc(plans.name));
}

async function planOf(tx: Tx, planId: string): Promise<PlanView> {
  const [plan] = await selectPlans(tx, eq(plans.id, planId));
  if (!plan) throw new ParapetError('not_found', 'There is no plan of that id.', { param: 'planId' });
  return plan;
}

async function requireFreeName(tx: Tx, name: string, except: string | null): Promise<void> {
  const [taken] = await tx
    .select({ id: plans.id })
    .from(plans)
    .where(and(eq(plans.name, name), except === null ? undefined : ne(plans.id, except)));
  if (taken)
    throw new ParapetError('conflict', `There is (or was) a plan named "${name}". Choose another name.`, {
      param: 'name',
    });
}

const shown = ({ name, limits, isDefault }: PlanView) => ({ name, limits, isDefault });

export const listPlans = defineVerb('admin.plans.list', z.void(), ({ read }) => read((tx) => selectPlans(tx)));

export const createPlan = defineVerb('admin.plans.create', planInputSchema, ({ write, now }, { name, limits }) =>
  write(async (tx) => {
    await requireFreeName(tx, name, null);
    const id = newId('plan', now.getTime());
    await tx.insert(plans).values({ id, name, limits, createdAt: now, updatedAt: now });
    const view = await planOf(tx, id);
    return { view, audit: { target: { kind: 'plan', id }, after: shown(view) } };
  }),
);

/** Changes a plan's name or limits, for every tenant on it, from their next request on. */
export const updatePlan = defineVerb(
  'admin.plans.update',
  updatePlanInputSchema,
  ({ write, now }, { planId, ...change }) =>
    write(async (tx) => {
      const before = await planOf(tx, planId);
      if (change.name !== undefined) await requireFreeName(tx, change.name, planId);
      await tx
        .update(plans)
        .set({ ...change, updatedAt: now })
        .where(eq(plans.id, planId));
      const view = await planOf(tx, planId);
      return { view, audit: { target: { kind: 'plan', id: planId }, before: shown(before), after: shown(view) } };
    }),
);

/** The plan that new organisations get. */
export const setDefaultPlan = defineVerb('admin.plans.setDefault', planIdInputSchema, ({ write, now }, { planId }) =>
  write(async (tx) => {
    const before = (await selectPlans(tx, eq(plans.isDefault, true)))[0];
    await planOf(tx, planId);
    await tx.update(plans).set({ isDefault: false, updatedAt: now }).where(eq(plans.isDefault, true));
    await tx.update(plans).set({ isDefault: true, updatedAt: now }).where(eq(plans.id, planId));
    const view = await planOf(tx, planId);
    const target = { kind: 'plan', id: planId };
    return { view, audit: { target, before: { default: before?.name ?? null }, after: { default: view.name } } };
  }),
);

/** Retires a plan that no tenant is on. Its past statements keep its name. */
export const deletePlan = defineVerb('admin.plans.delete', planIdInputSchema, ({ write, now }, { planId }) =>
  write(async (tx) => {
    const plan = await planOf(tx, planId);
    if (plan.isDefault)
      throw new ParapetError('conflict', 'This is the default plan: make another one the default first.');
    if (plan.tenants > 0) {
      throw new ParapetError('conflict', `${plan.tenants} organisations are on this plan: move them to another first.`);
    }
    await tx.update(plans).set({ archivedAt: now, updatedAt: now }).where(eq(plans.id, planId));
    return { view: { planId }, audit: { target: { kind: 'plan', id: planId }, before: shown(plan) } };
  }),
);
