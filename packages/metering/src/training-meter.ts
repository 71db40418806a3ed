import { newId, type TenantId } from '@parapet/contracts/ids';
import type { DatabaseHandle } from '@parapet/db/client';
import type { Admission, HoldInput } from './admission.ts';
import type { SettleInput, Settlement } from './settlement.ts';

export type LeaseInput = { tenantId: TenantId; jobId: string; fencingToken: number };

/**
 * Meters a lease of a training job: one hold and one usage event a lease. The hold runs ahead of what the worker
 * reports by `aheadMicros` and grows as long as the quota lets it.
 */
export type TrainingMeter = {
  /** Reserves the first stretch. Throws `insufficient_quota` when there is none left, before a worker starts. */
  begin(lease: LeaseInput & { model: string; keyId?: string | null; ttlMs: number }): Promise<Admission>;
  /** At each heartbeat, with the device time of this lease so far. `exhausted`: stop the job now. */
  accrue(lease: LeaseInput & { deviceMicros: number; ttlMs: number }): Promise<'continue' | 'exhausted' | 'closed'>;
  /** At the lease's end, however it ended. Once; a lease that expired was charged what it had reported. */
  end(lease: LeaseInput & { deviceMicros: number; trainedTokens: number; outcome: string }): Promise<Settlement>;
};

/** A minute of device time: what a lost lease may leave unbilled at most, and the least a job needs to start. */
const aheadMicros = 60_000_000;

export const leaseRequestId = ({ jobId, fencingToken }: LeaseInput) => `${jobId}/${fencingToken}`;

export function createTrainingMeter(
  handle: DatabaseHandle,
  ledger: {
    hold: (input: HoldInput) => Promise<Admission>;
    settle: (input: SettleInput) => Promise<Settlement>;
    flush: () => Promise<void>;
    nowMicros: () => number | null;
  },
): TrainingMeter {
  return {
    begin: async (lease) => {
      const admission = await ledger.hold({
        kind: 'training',
        tenantId: lease.tenantId,
        keyId: lease.keyId ?? null,
        requestId: leaseRequestId(lease),
        model: lease.model,
        adapter: null,
        estimate: { promptTokens: 0, completionTokens: 0, gpuMicros: aheadMicros },
        trainedTokens: 0,
        ttlMs: lease.ttlMs,
      });
      await ledger.flush();
      return admission;
    },
    accrue: async (lease) => {
      const [row] = await handle.query<{ goes_on: boolean | null }>(
        'select parapet_accrue($1, $2::bigint, $3::bigint, $4::bigint, $5, $6::bigint) as goes_on',
        [
          leaseRequestId(lease),
          lease.deviceMicros,
          lease.deviceMicros + aheadMicros,
          lease.ttlMs * 1000,
          newId('ledgerEntry'),
          ledger.nowMicros(),
        ],
      );
      if (row?.goes_on == null) return 'closed';
      return row.goes_on ? 'continue' : 'exhausted';
    },
    end: async (lease) => {
      const settlement = await ledger.settle({
        requestId: leaseRequestId(lease),
        tenantId: lease.tenantId,
        usage: {
          promptTokens: 0,
          cachedTokens: 0,
          completionTokens: 0,
          gpuMicros: lease.deviceMicros,
          queueMicros: 0,
          trainedTokens: lease.trainedTokens,
        },
        outcome: lease.outcome,
      });
      await ledger.flush();
      return settlement;
    },
  };
}
