import { ParapetError } from '@parapet/contracts/errors';
import { newId } from '@parapet/contracts/ids';
import type { StatementView, UsageTotals } from '@parapet/contracts/portal/usage';
import type { Db } from '@parapet/db/client';
import { holds, ledgerEntries, modelPrices, type StatementLine, statements, usageEvents } from '@parapet/db/schema';
import type { Tx } from '@parapet/db/tenant';
import { and, asc, count, desc, eq, sql, sum } from 'drizzle-orm';
import { monthOf } from './quota.ts';

export type Statement = {
  /** null while the month runs. */
  id: string | null;
  /** First day of the month. */
  period: string;
  state: 'open' | 'closed';
  currency: string;
  totals: UsageTotals;
  lines: StatementLine[];
  totalMicros: number;
  /** Of it, corrections. */
  adjustmentMicros: number;
};

type Sums = {
  kind: 'inference' | 'training';
  model: string;
  priceId: string | null;
  requests: number;
  prompt: number;
  cached: number;
  completion: number;
  trained: number;
  gpuMicros: number;
  spendMicros: number;
};

/**
 * What a month cost, from the usage events that count to it: the issued statement where there is one, else as it
 * stands. Its lines add up to the ledger's total to the micro-unit; what single requests were rounded by is a line.
 */
export async function statementOf(db: Db | Tx, orgId: string, period: string, currency: string): Promise<Statement> {
  const [issued] = await db
    .select()
    .from(statements)
    .where(and(eq(statements.orgId, orgId), eq(statements.period, period)));
  if (issued) return { ...issued, state: 'closed' };
  const rows = await sumsOf(db, orgId, period);
  const prices = new Map((await db.select().from(modelPrices)).map((price) => [price.id, price]));
  const lines = rows.flatMap((row) => linesOf(row, row.priceId === null ? undefined : prices.get(row.priceId)));
  const charged = rows.reduce((total, row) => total + row.spendMicros, 0);
  const rounding = charged - lines.reduce((total, line) => total + line.amountMicros, 0);
  if (rounding !== 0) {
    const requests = rows.reduce((total, row) => total + row.requests, 0);
    lines.push(line('Rounding of single requests', requests, 'requests', 0, rounding));
  }
  const corrections = await db
    .select({ reason: ledgerEntries.reason, amount: ledgerEntries.spendUsed })
    .from(ledgerEntries)
    .where(and(eq(ledgerEntries.orgId, orgId), eq(ledgerEntries.period, period), eq(ledgerEntries.kind, 'adjust')))
    .orderBy(asc(ledgerEntries.id));
  for (const { reason, amount } of corrections) lines.push(line(`Correction: ${reason ?? ''}`, 1, '', amount, amount));
  const totalMicros = lines.reduce((total, one) => total + one.amountMicros, 0);
  const totals = totalsOf(rows, totalMicros);
  const adjustmentMicros = corrections.reduce((total, { amount }) => total + amount, 0);
  return { id: null, period, state: 'open', currency, totals, lines, totalMicros, adjustmentMicros };
}

/**
 * Closes a month for good. Throws `conflict` while the month runs or holds of it are open (settle or expire them
 * first), or when it was issued before.
 */
export async function issueStatement(
  tx: Tx,
  input: { orgId: string; period: string; currency: string; now?: Date },
): Promise<Statement> {
  const { orgId, period, currency, now = new Date() } = input;
  if (period >= monthOf(now)) throw new ParapetError('conflict', `The month ${period.slice(0, 7)} is not over yet.`);
  const [open] = await tx
    .select({ count: count() })
    .from(holds)
    .where(and(eq(holds.orgId, orgId), eq(holds.period, period), eq(holds.status, 'held')));
  if (open && open.count > 0) {
    const message = `${open.count} requests of ${period.slice(0, 7)} are not settled yet. Try again in a quarter of an hour.`;
    throw new ParapetError('conflict', message);
  }
  const statement = await statementOf(tx, orgId, period, currency);
  if (statement.state === 'closed') throw new ParapetError('conflict', 'This month’s statement was issued before.');
  const id = newId('statement');
  const { totals, lines, totalMicros, adjustmentMicros } = statement;
  await tx.insert(statements).values({ id, orgId, period, currency, totals, lines, totalMicros, adjustmentMicros });
  return { ...statement, id, state: 'closed' };
}

/** Months with use, newest first: where there may be a statement. */
export async function statementPeriods(db: Db | Tx, orgId: string): Promise<string[]> {
  const rows = await db
    .selectDistinct({ period: ledgerEntries.period })
    .from(ledgerEntries)
    .where(eq(ledgerEntries.orgId, orgId))
    .orderBy(desc(ledgerEntries.period));
  return rows.map((row) => row.period);
}

export function toStatementView(statement: Statement): StatementView {
  const { id, period, state, totals, currency, lines } = statement;
  return { id: id ?? period, month: Date.parse(`${period}T00:00:00Z`), state, totals, currency, lines };
}

async function sumsOf(db: Db | Tx, orgId: string, period: string): Promise<Sums[]> {
  const total = (column: Parameters<typeof sum>[0]) => sum(column).mapWith(Number);
  return db
    .select({
      kind: usageEvents.kind,
      model: usageEvents.model,
      priceId: usageEvents.priceId,
      requests: count(),
      prompt: total(usageEvents.promptTokens),
      cached: total(usageEvents.cachedTokens),
      completion: total(usageEvents.completionTokens),
      trained: total(usageEvents.trainedTokens),
      gpuMicros: total(usageEvents.gpuMicros),
      spendMicros: total(usageEvents.spendMicros),
    })
    .from(usageEvents)
    .where(and(eq(usageEvents.orgId, orgId), eq(usageEvents.period, period)))
    .groupBy(usageEvents.kind, usageEvents.model, usageEvents.priceId)
    .orderBy(asc(usageEvents.kind), asc(usageEvents.model), asc(sql`price_id`));
}

const million = 1_000_000;
const line = (
  description: string,
  quantity: number,
  unit: string,
  unitPriceMicros: number,
  amountMicros: number,
): StatementLine => ({ description, quantity, unit, unitPriceMicros, amountMicros });

/** One line a thing that has a price. Tokens are priced a million, device time a second. */
function linesOf(row: Sums, price: typeof modelPrices.$inferSelect | undefined): StatementLine[] {
  if (price === undefined) {
    const what = `${row.model}, ${row.kind} without a price`;
    return [line(what, row.requests, 'requests', 0, row.spendMicros)];
  }
  const tokens = (what: string, quantity: number, rate: number) =>
    line(`${row.model}, ${what}`, quantity, 'tokens', rate, Math.round((quantity * rate) / million));
  const rate = row.kind === 'training' ? price.trainingMicrosPerGpuSecond : price.inferenceMicrosPerGpuSecond;
  const seconds = row.gpuMicros / million;
  const lines = [
    tokens('prompt', row.prompt - row.cached, price.promptMicrosPerMillion),
    tokens('prompt from the cache', row.cached, price.cachedMicrosPerMillion ?? price.promptMicrosPerMillion),
    tokens('completion', row.completion, price.completionMicrosPerMillion),
    tokens('trained', row.trained, price.trainedMicrosPerMillion),
    line(`${row.model}, ${row.kind} time`, Math.round(seconds), 'GPU-seconds', rate, Math.round(seconds * rate)),
  ];
  return lines.filter((one) => one.quantity > 0 || one.amountMicros !== 0);
}

function totalsOf(rows: readonly Sums[], costMicros: number): UsageTotals {
  const add = (value: (row: Sums) => number) => rows.reduce((total, row) => total + value(row), 0);
  const of = (kind: Sums['kind'], value: (row: Sums) => number) => add((row) => (row.kind === kind ? value(row) : 0));
  return {
    requests: of('inference', (row) => row.requests),
    promptTokens: add((row) => row.prompt),
    cachedTokens: add((row) => row.cached),
    completionTokens: add((row) => row.completion),
    inferenceDeviceMicros: of('inference', (row) => row.gpuMicros),
    trainingDeviceMicros: of('training', (row) => row.gpuMicros),
    trainedTokens: add((row) => row.trained),
    costMicros,
  };
}
