import type { TenantId } from '@parapet/contracts/ids';

export type SettledUsage = {
  promptTokens: number;
  cachedTokens: number;
  completionTokens: number;
  gpuMicros: number;
  queueMicros: number;
  trainedTokens?: number;
};

export type SettleInput = {
  requestId: string;
  /** Checked against the hold's where given. */
  tenantId?: TenantId;
  usage: SettledUsage;
  /** How it ended: stop, length, cancelled, error. */
  outcome: string;
  /** Milliseconds since 1970; now unless told. */
  finishedAt?: number;
  /** Nobody waits for it: it may take a moment longer, to share a transaction. */
  isPatient?: boolean;
};

/**
 * What became of it. `duplicate`: it had ended before, nothing changed. `unknown`: no hold of that name (and
 * tenant): nothing to charge.
 */
export type Settlement = {
  became: 'settled' | 'voided' | 'expired' | 'duplicate' | 'unknown';
  spendMicros: number;
};

/** An item of what `parapet_close` takes. */
export type CloseItem = {
  requestId: string;
  orgId: TenantId | null;
  ending: 'settle' | 'void';
  ledgerId: string;
  usageId: string;
  promptTokens: number;
  cachedTokens: number;
  completionTokens: number;
  trainedTokens: number;
  gpuMicros: number;
  queueMicros: number;
  outcome: string;
  occurredAtMicros: number | null;
};
