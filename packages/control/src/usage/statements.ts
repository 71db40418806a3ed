import { ParapetError } from '@parapet/contracts/errors';
import { statements } from '@parapet/db/schema';
import type { TenantTx } from '@parapet/db/tenant';
import { type Statement, statementOf } from '@parapet/metering/statement';
import { and, eq } from 'drizzle-orm';

/** A statement by its id; a month that still runs has its first day (2026-11-01) as id. */
export async function findStatement(tx: TenantTx, statementId: string, currency: string): Promise<Statement> {
  if (/^\d{4}-(0[1-9]|1[0-2])-01$/.test(statementId)) return statementOf(tx, tx.tenantId, statementId, currency);
  const [row] = await tx
    .select({ period: statements.period })
    .from(statements)
    .where(and(eq(statements.orgId, tx.tenantId), eq(statements.id, statementId)));
  if (!row) throw new ParapetError('not_found', 'There is no statement of that id in this organisation.');
  return statementOf(tx, tx.tenantId, row.period, currency);
}
