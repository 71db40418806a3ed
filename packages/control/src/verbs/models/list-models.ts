import type { CallableModel } from '@parapet/contracts/portal/playground';
import { adapterAliases, adapters, adapterVersions, baseModels, workers } from '@parapet/db/schema';
import { asPlatform } from '@parapet/db/tenant';
import { and, asc, desc, eq, gt, ne } from 'drizzle-orm';
import { z } from 'zod';
import { type ControlServices, currencyOf } from '../../context.ts';
import { priceOf } from '../../models/price.ts';
import { defineVerb } from '../../verb.ts';

/** A serve worker that has been silent for longer serves nothing. */
const liveMs = 10_000;
const maxListed = 1000;

/** CallableModel with what OpenAI's model object says. */
export interface ListedModel extends CallableModel {
  createdAt: number;
  ownedBy: string;
}

/** Every model that the caller may call: base models, each version of each adapter, aliases. Never one more. */
export const listModels = defineVerb(
  'models.list',
  z.void(),
  async ({ read, services, principal, tenancy, now }): Promise<ListedModel[]> => {
    const served = await servedDigests(services, now);
    const models = await read(async (tx) => {
      const bases = await tx
        .select()
        .from(baseModels)
        .where(ne(baseModels.state, 'retired'))
        .orderBy(asc(baseModels.name));
      const prices = new Map<string, CallableModel['price']>();
      for (const { name } of bases) {
        const price = await priceOf(tx, name, tenancy.id, now);
        prices.set(name, {
          promptMicrosPerMillionTokens: price?.promptMicrosPerMillion ?? 0,
          completionMicrosPerMillionTokens: price?.completionMicrosPerMillion ?? 0,
          currency: currencyOf(services),
        });
      }
      const about = (base: (typeof bases)[number]) => ({
        baseModel: base.name,
        contextTokens: base.contextTokens,
        price: prices.get(base.name)!,
        available: base.digest !== null && served.has(base.digest),
      });
      const listed: ListedModel[] = bases
        .filter(({ digest }) => digest !== null)
        .map((base) => ({
          model: base.name,
          label: base.name,
          kind: 'base',
          ...about(base),
          createdAt: base.createdAt.getTime(),
          ownedBy: 'parapet',
        }));
      const versions = await tx
        .select({ version: adapterVersions, name: adapters.name, baseModel: adapters.baseModel })
        .from(adapterVersions)
        .innerJoin(adapters, eq(adapters.id, adapterVersions.adapterId))
        .where(eq(adapterVersions.orgId, tenancy.id))
        .orderBy(desc(adapterVersions.id))
        .limit(maxListed);
      const aliases = await tx
        .select({ alias: adapterAliases, name: adapters.name, baseModel: adapters.baseModel })
        .from(adapterAliases)
        .innerJoin(adapters, eq(adapters.id, adapterAliases.adapterId))
        .where(eq(adapterAliases.orgId, tenancy.id))
        .orderBy(asc(adapterAliases.model))
        .limit(maxListed);
      const byName = new Map(bases.map((base) => [base.name, base]));
      const own = { ownedBy: tenancy.id };
      for (const { alias, name, baseModel } of aliases) {
        const base = byName.get(baseModel);
        if (!base) continue;
        const label = `${name} (${alias.alias})`;
        listed.push({
          model: alias.model,
          label,
          kind: 'alias',
          ...about(base),
          ...own,
          createdAt: alias.createdAt.getTime(),
        });
      }
      for (const { version, name, baseModel } of versions) {
        const base = byName.get(baseModel);
        if (!base) continue;
        const label = `${name} v${version.version}`;
        const createdAt = version.createdAt.getTime();
        listed.push({ model: version.model, label, kind: 'adapter', ...about(base), ...own, createdAt });
      }
      return listed;
    });
    const allowed = principal.kind === 'api_key' ? principal.allowedModels : null;
    return allowed === null ? models : models.filter(({ model }) => allowed.includes(model));
  },
);

/** Base models that some live worker serves. */
async function servedDigests(services: ControlServices, now: Date): Promise<Set<string>> {
  const rows = await asPlatform(services.database.db, (tx) =>
    tx
      .select({ digest: workers.baseDigest })
      .from(workers)
      .where(
        and(
          eq(workers.kind, 'serve'),
          eq(workers.status, 'ready'),
          gt(workers.heartbeatAt, new Date(now.getTime() - liveMs)),
        ),
      ),
  );
  return new Set(rows.flatMap(({ digest }) => (digest === null ? [] : [digest])));
}
