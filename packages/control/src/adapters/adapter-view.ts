import { ParapetError } from '@parapet/contracts/errors';
import type {
  AdapterAliasView,
  AdapterDetail,
  AdapterVersionView,
  AdapterView,
} from '@parapet/contracts/portal/adapters';
import { adapterAliases, adapters, adapterVersions, users } from '@parapet/db/schema';
import type { TenantTx } from '@parapet/db/tenant';
import { and, asc, desc, eq, inArray, type SQL } from 'drizzle-orm';

type VersionRow = typeof adapterVersions.$inferSelect;

export const versionView = (row: VersionRow, createdBy: string | null): AdapterVersionView => ({
  id: row.id,
  version: row.version,
  digest: row.digest,
  model: row.model,
  bytes: row.bytes,
  config: row.config,
  parameters: row.parameters,
  origin: row.origin,
  createdAt: row.createdAt.getTime(),
  createdBy: createdBy ?? '',
  trainLoss: row.lineage.finalMetrics?.trainLoss ?? null,
  validLoss: row.lineage.finalMetrics?.validLoss ?? null,
});

/** The tenant's adapters with their versions, newest first, and aliases. */
export async function selectAdapters(
  tx: TenantTx,
  options: { where?: SQL; orderBy: SQL[]; limit: number; offset?: number },
): Promise<AdapterDetail[]> {
  const rows = await tx
    .select()
    .from(adapters)
    .where(and(eq(adapters.orgId, tx.tenantId), options.where))
    .orderBy(...options.orderBy)
    .limit(options.limit)
    .offset(options.offset ?? 0);
  if (rows.length === 0) return [];
  const ids = rows.map(({ id }) => id);
  const versions = await tx
    .select({ version: adapterVersions, person: users.name })
    .from(adapterVersions)
    .leftJoin(users, eq(users.id, adapterVersions.createdBy))
    .where(and(eq(adapterVersions.orgId, tx.tenantId), inArray(adapterVersions.adapterId, ids)))
    .orderBy(desc(adapterVersions.version));
  const aliases = await tx
    .select({ alias: adapterAliases, version: adapterVersions.version, person: users.name })
    .from(adapterAliases)
    .innerJoin(adapterVersions, eq(adapterVersions.id, adapterAliases.versionId))
    .leftJoin(users, eq(users.id, adapterAliases.movedBy))
    .where(and(eq(adapterAliases.orgId, tx.tenantId), inArray(adapterAliases.adapterId, ids)))
    .orderBy(asc(adapterAliases.alias));
  return rows.map((row) => {
    const own = versions.filter(({ version }) => version.adapterId === row.id);
    const versionList = own.map(({ version, person }) => versionView(version, person));
    return {
      id: row.id,
      name: row.name,
      baseModel: row.baseModel,
      baseDigest: row.baseDigest,
      latest: versionList[0] ?? null,
      versions: versionList.length,
      aliases: aliases
        .filter(({ alias }) => alias.adapterId === row.id)
        .map(
          ({ alias, version, person }): AdapterAliasView => ({
            name: alias.alias,
            versionId: alias.versionId,
            version,
            previousVersionId: alias.previousVersionId,
            model: alias.model,
            movedAt: alias.movedAt.getTime(),
            movedBy: person ?? '',
          }),
        ),
      bytes: versionList.reduce((sum, { bytes }) => sum + bytes, 0),
      createdAt: row.createdAt.getTime(),
      versionList,
    };
  });
}

/** @throws ParapetError `not_found` */
export async function requireAdapter(tx: TenantTx, id: string): Promise<AdapterDetail> {
  const [adapter] = await selectAdapters(tx, { where: eq(adapters.id, id), orderBy: [], limit: 1 });
  if (!adapter) throw new ParapetError('not_found', `No such adapter: ${id.slice(0, 64)}.`);
  return adapter;
}

export const withoutVersions = ({ versionList: _, ...view }: AdapterDetail): AdapterView => view;

/** @throws ParapetError `not_found` */
export async function requireVersion(tx: TenantTx, id: string): Promise<VersionRow> {
  const [row] = await tx
    .select()
    .from(adapterVersions)
    .where(and(eq(adapterVersions.orgId, tx.tenantId), eq(adapterVersions.id, id)));
  if (!row) throw new ParapetError('not_found', `No such adapter version: ${id.slice(0, 64)}.`);
  return row;
}
