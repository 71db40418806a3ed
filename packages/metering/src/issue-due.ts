import { ParapetError } from '@parapet/contracts/errors';
import type { DatabaseHandle } from '@parapet/db/client';
import { asPlatform } from '@parapet/db/tenant';
import { monthOf } from './quota.ts';
import { issueStatement } from './statement.ts';

const uniqueViolation = '23505';

/**
 * Issues the statements of months that are over, a day after their end so that late reports are in; answers how many.
 * Any gateway may call it at any time: a month whose requests are not all settled waits, one issued by another is done.
 */
export async function issueDueStatements(
  handle: DatabaseHandle,
  { currency, now = new Date(), graceMs = 86_400_000 }: { currency: string; now?: Date; graceMs?: number },
): Promise<number> {
  const due = await handle.query<{ org_id: string; period: string }>(
    `select org_id, period::text from org_periods p where period < $1::date
       and not exists (select 1 from statements s where s.org_id = p.org_id and s.period = p.period)
     order by period, org_id limit 200`,
    [monthOf(new Date(now.getTime() - graceMs))],
  );
  let issued = 0;
  for (const { org_id: orgId, period } of due) {
    try {
      await asPlatform(handle.db, (tx) => issueStatement(tx, { orgId, period, currency, now }));
      issued++;
    } catch (error) {
      if (error instanceof ParapetError && error.code === 'conflict') continue;
      if ((error as { cause?: { code?: string } }).cause?.code !== uniqueViolation) throw error;
    }
  }
  return issued;
}
