import { newId, type TenantId } from '@parapet/contracts/ids';
import type { UsageReport } from '@parapet/contracts/serve-worker';
import type { DatabaseHandle } from '@parapet/db/client';
import {
  type Admission,
  type AdmitInput,
  type AdmitRow,
  type HoldInput,
  type RateLimit,
  rateLimitOf,
  refusalOf,
} from './admission.ts';
import { createFlush } from './flush.ts';
import { GroupCommit } from './group-commit.ts';
import type { CloseItem, SettleInput, Settlement } from './settlement.ts';
import { createTrainingMeter, type TrainingMeter } from './training-meter.ts';
import { Unsettled } from './unsettled.ts';

export type { Admission, AdmitInput, Bucket, Estimate, QuotaWarning, RateLimit } from './admission.ts';
export { AdmissionRefused } from './admission.ts';
export type { SettledUsage, SettleInput, Settlement } from './settlement.ts';
export type { TrainingMeter } from './training-meter.ts';

export type MeteringOptions = {
  /** Milliseconds since 1970, for tests; the database's clock unless told, the one clock all gateways share. */
  clock?: () => number;
  /** Most calls that share a transaction; 100 unless told. */
  maxBatch?: number;
};

export type Metering = {
  /**
   * Checks suspension, key, GPU quota, key budget, concurrency and both rate limits, and reserves the estimate: all
   * or nothing, one transaction, exact across gateways. Throws `AdmissionRefused`. A crash of the database may forget
   * the last ones until a `flush`: wait for one before anything of the answer leaves.
   */
  admit(input: AdmitInput): Promise<Admission>;
  /** Ends a hold with what was used: usage event, ledger, rollups and balances in one transaction, once a request. */
  settle(input: SettleInput): Promise<Settlement>;
  /** Ends a hold of a request that produced nothing. */
  void(input: { requestId: string; tenantId?: TenantId; reason: string }): Promise<Settlement>;
  /** Resolves when all that was asked of this ledger and answered so far outlives a crash of the database. */
  flush(): Promise<void>;
  /** Settles what a worker reports by itself; answers the ids that need no further report, which are all, once on the disk. */
  reportUsage(reports: readonly UsageReport[]): Promise<string[]>;
  /** Closes holds past their time, at most `limit`; answers how many. Any gateway may call it at any time. */
  sweepExpired(limit?: number): Promise<number>;
  /** Removes holds closed before `before` (the ledger keeps their entries) and buckets that are empty again. */
  pruneHolds(before: Date): Promise<number>;
  /** What is left of the rate limits of a caller; nothing is taken. */
  rateLimit(who: { tenantId: TenantId; keyId: string | null }): Promise<RateLimit>;
  /** One of `perMinute` of `scope`, for what is no inference request. Milliseconds to wait, or null when taken. */
  take(scope: string, perMinute: number, units?: number): Promise<number | null>;
  /** An administrator's correction of what counts as used; negative gives back. */
  adjust(input: {
    tenantId: TenantId;
    resource: 'inference' | 'training';
    period: string;
    gpuMicros: number;
    spendMicros: number;
    reason: string;
  }): Promise<void>;
  training: TrainingMeter;
  /** Waits for what was asked; call before the database closes. */
  drain(): Promise<void>;
};

/** Refusals that the end of an answered request may lift. */
const mayPass: ReadonlySet<AdmitRow['refusal']> = new Set(['gpu', 'budget', 'concurrency', 'tokens'] as const);
/** What nobody waits for is held back for so long, so that others share its transaction, and what is urgent goes first. */
const patientMs = { admission: 3, settlement: 25 };
const softPercent = 80;
const defaultTtlMs = 15 * 60_000;

export function createMetering(handle: DatabaseHandle, options: MeteringOptions = {}): Metering {
  const nowMicros = () => (options.clock === undefined ? null : Math.round(options.clock() * 1000));
  // PGlite has one connection; on Postgres a second transaction runs while the first waits for the disk.
  const maxBatch = options.maxBatch ?? 100;
  const lanes = handle.kind === 'pglite' ? 1 : 2;
  // PGlite has no process that writes the log later: what a commit leaves in memory is gone with its process.
  const lazy = handle.kind === 'postgres';

  const admissions = new GroupCommit<HoldInput & { holdId: string }, AdmitRow>(
    async (inputs) => {
      const items = inputs.map((input, position) => ({
        position,
        kind: input.kind,
        orgId: input.tenantId,
        keyId: input.keyId,
        requestId: input.requestId,
        holdId: input.holdId,
        ledgerId: newId('ledgerEntry'),
        model: input.model,
        adapter: input.adapter,
        ...input.estimate,
        trainedTokens: input.trainedTokens,
        ttlMicros: (input.ttlMs ?? defaultTtlMs) * 1000,
      }));
      const [row] = await handle.query<{ rows: AdmitRow[] }>(
        'select parapet_admit($1::jsonb, $2::bigint, $3) as rows',
        [JSON.stringify(items), nowMicros(), lazy],
      );
      return (row?.rows ?? []).sort((a, b) => a.position - b.position);
    },
    { maxBatch, lanes, maxWaiting: 10_000 },
  );

  const closings = new GroupCommit<CloseItem, Settlement>(
    async (inputs) => {
      const items = inputs.map((input, position) => ({ position, ...input }));
      const [row] = await handle.query<{ rows: (Settlement & { requestId: string })[] }>(
        'select parapet_close($1::jsonb, $2::bigint, $3) as rows',
        [JSON.stringify(items), nowMicros(), lazy],
      );
      const byRequest = new Map((row?.rows ?? []).map(({ requestId, ...rest }) => [requestId, rest]));
      // The same request twice in a batch: the first was counted, the others are duplicates.
      return inputs.map(({ requestId }) => {
        const result = byRequest.get(requestId) ?? { became: 'duplicate' as const, spendMicros: 0 };
        byRequest.delete(requestId);
        return result;
      });
    },
    { maxBatch, lanes, maxWaiting: 50_000 },
  );

  const flush = createFlush(handle);

  const unsettled = new Unsettled();

  async function hold(input: HoldInput): Promise<Admission> {
    const holdId = newId('hold');
    const settlements = unsettled.endOf(input.tenantId);
    let row = await admissions.add({ ...input, holdId }, input.isPatient ? patientMs.admission : 0);
    if (row.refusal !== null && settlements !== null && mayPass.has(row.refusal)) {
      await settlements;
      row = await admissions.add({ ...input, holdId });
    }
    if (row.refusal !== null) throw refusalOf(row);
    const usedPercent = row.gpuLimit ? Math.floor((row.gpuUsed * 100) / row.gpuLimit) : 0;
    return {
      holdId,
      rateLimit: rateLimitOf(row),
      slotsLeft: row.slotsLeft,
      isRoomy: row.roomy,
      warnings: usedPercent >= softPercent ? [{ quota: 'gpuSecondsPerMonth', usedPercent }] : [],
    };
  }

  const close = (item: CloseItem, isPatient = false): Promise<Settlement> => {
    const closed = closings.add(item, isPatient ? patientMs.settlement : 0);
    return item.orgId === null ? closed : unsettled.track(item.orgId, closed);
  };
  const settle = ({ requestId, tenantId, usage, outcome, finishedAt, isPatient }: SettleInput): Promise<Settlement> =>
    close(
      {
        requestId,
        orgId: tenantId ?? null,
        ending: 'settle',
        ledgerId: newId('ledgerEntry'),
        usageId: newId('usageEvent'),
        trainedTokens: 0,
        ...usage,
        outcome,
        occurredAtMicros: finishedAt === undefined ? null : Math.round(finishedAt * 1000),
      },
      isPatient,
    );

  return {
    admit: (input) => hold({ ...input, kind: 'inference', trainedTokens: 0 }),
    settle,
    void: ({ requestId, tenantId, reason }) =>
      close({
        requestId,
        orgId: tenantId ?? null,
        ending: 'void',
        ledgerId: newId('ledgerEntry'),
        usageId: newId('usageEvent'),
        promptTokens: 0,
        cachedTokens: 0,
        completionTokens: 0,
        trainedTokens: 0,
        gpuMicros: 0,
        queueMicros: 0,
        outcome: reason,
        occurredAtMicros: null,
      }),
    reportUsage: async (reports) => {
      await Promise.all(
        reports.map(({ requestId, usage, finishedAt }) =>
          settle({
            requestId,
            usage: {
              promptTokens: usage.promptTokens,
              cachedTokens: usage.cachedTokens,
              completionTokens: usage.completionTokens,
              gpuMicros: usage.prefillDeviceMicros + usage.decodeDeviceMicros,
              queueMicros: usage.queueMicros,
            },
            outcome: 'reported',
            finishedAt,
          }),
        ),
      );
      if (reports.length > 0) await flush();
      return reports.map((report) => report.requestId);
    },
    flush,
    sweepExpired: async (limit = 500) => {
      const ids = Array.from({ length: limit }, () => [newId('ledgerEntry'), newId('usageEvent')]);
      const [row] = await handle.query<{ rows: unknown[] }>('select parapet_expire($1::jsonb, $2::bigint) as rows', [
        JSON.stringify(ids),
        nowMicros(),
      ]);
      return row?.rows.length ?? 0;
    },
    pruneHolds: async (before) => {
      const rows = await handle.query<{ id: string }>(
        `delete from holds where id in (
           select id from holds where status <> 'held' and closed_at < $1 order by closed_at limit 10000
         ) returning id`,
        [before],
      );
      // A bucket that nobody took from for a minute is an empty one, which is what a new one is.
      await handle.query(
        `delete from rate_limit_buckets
         where drained_at_micros < coalesce($1::bigint, (extract(epoch from now()) * 1000000)::bigint) - 60000000`,
        [nowMicros()],
      );
      return rows.length;
    },
    rateLimit: async ({ tenantId, keyId }) => {
      const [row] = await handle.query<{ levels: Partial<Pick<AdmitRow, 'requests' | 'tokens'>> | null }>(
        'select parapet_levels($1, $2, $3::bigint) as levels',
        [tenantId, keyId, nowMicros()],
      );
      return rateLimitOf({ requests: row?.levels?.requests ?? null, tokens: row?.levels?.tokens ?? null });
    },
    take: async (scope, perMinute, units = 1) => {
      const [row] = await handle.query<{ wait: number | null }>(
        'select parapet_take($1, $2::bigint, $3::bigint, $4::bigint) as wait',
        [scope, units, perMinute, nowMicros()],
      );
      return row?.wait == null ? null : Math.ceil(row.wait / 1000);
    },
    adjust: async ({ tenantId, resource, period, gpuMicros, spendMicros, reason }) => {
      await handle.query('select parapet_adjust($1, $2, $3, $4::date, $5::bigint, $6::bigint, $7)', [
        newId('ledgerEntry'),
        tenantId,
        resource,
        period,
        gpuMicros,
        spendMicros,
        reason,
      ]);
    },
    training: createTrainingMeter(handle, { hold, settle, flush, nowMicros }),
    drain: async () => {
      await Promise.all([admissions.drain(), closings.drain()]);
    },
  };
}
