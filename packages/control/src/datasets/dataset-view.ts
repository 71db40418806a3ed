import { ParapetError } from '@parapet/contracts/errors';
import type { DatasetView } from '@parapet/contracts/portal/datasets';
import { datasets, users } from '@parapet/db/schema';
import type { TenantTx } from '@parapet/db/tenant';
import { and, eq, type SQL } from 'drizzle-orm';

export type DatasetRow = typeof datasets.$inferSelect;

export function datasetView(row: DatasetRow, createdBy: string | null): DatasetView {
  return {
    id: row.id,
    name: row.name,
    format: row.format,
    status: row.status,
    bytes: row.bytes,
    digest: row.digest,
    rows: row.rows,
    chatRows: row.chatRows,
    duplicates: row.duplicates,
    problems: row.problemCount,
    tokens: row.tokens && {
      total: row.tokens.total,
      completion: row.tokens.completion,
      longestRow: row.tokens.longestRow,
    },
    createdAt: row.createdAt.getTime(),
    createdBy: createdBy ?? '',
    parentId: row.parentId,
  };
}

/** The tenant's data sets with their makers' names. */
export async function selectDatasets(
  tx: TenantTx,
  options: { where?: SQL; orderBy: SQL[]; limit: number; offset?: number },
): Promise<{ row: DatasetRow; view: DatasetView }[]> {
  const rows = await tx
    .select({ dataset: datasets, person: users.name })
    .from(datasets)
    .leftJoin(users, eq(users.id, datasets.createdBy))
    .where(and(eq(datasets.orgId, tx.tenantId), options.where))
    .orderBy(...options.orderBy)
    .limit(options.limit)
    .offset(options.offset ?? 0);
  return rows.map(({ dataset, person }) => ({ row: dataset, view: datasetView(dataset, person) }));
}

/** One data set of the tenant's. @throws ParapetError `not_found` */
export async function requireDataset(tx: TenantTx, id: string, param?: string): Promise<DatasetRow> {
  const [row] = await tx
    .select()
    .from(datasets)
    .where(and(eq(datasets.orgId, tx.tenantId), eq(datasets.id, id)));
  if (!row) throw new ParapetError('not_found', `No such file: ${id.slice(0, 64)}.`, { param });
  return row;
}
