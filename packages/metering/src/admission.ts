import { type ErrorCode, ParapetError } from '@parapet/contracts/errors';
import type { TenantId } from '@parapet/contracts/ids';

export type Estimate = {
  /** Upper bounds: what the hold reserves. */
  promptTokens: number;
  completionTokens: number;
  gpuMicros: number;
};

export type AdmitInput = {
  tenantId: TenantId;
  /** null = a signed-in session. */
  keyId: string | null;
  requestId: string;
  /** The base model's name: what prices it. */
  model: string;
  /** The adapter's callable name; null = the bare base model. */
  adapter: string | null;
  estimate: Estimate;
  /** After this long without settlement the hold expires; 15 minutes unless told. Longer than any request may run. */
  ttlMs?: number;
  /** The request is under way already: its admission may take a moment longer, to share a transaction. */
  isPatient?: boolean;
};

/** Kind `training` reserves against the same quota, without the limits of requests. */
export type HoldInput = AdmitInput & { kind: 'inference' | 'training'; trainedTokens: number };

export type Bucket = { limit: number; remaining: number; resetMs: number };
/** Values of the x-ratelimit headers; null = no such limit. */
export type RateLimit = { requests: Bucket | null; tokens: Bucket | null };
export type QuotaWarning = { quota: 'gpuSecondsPerMonth'; usedPercent: number };
export type Admission = {
  holdId: string;
  warnings: QuotaWarning[];
  rateLimit: RateLimit;
  /** Requests that the organisation may still begin while this one runs; null = any number. */
  slotsLeft: number | null;
  /** No limit and no quota that counts here is more than half used: the next request will pass, but for a surprise. */
  isRoomy: boolean;
};

/** A refusal that still has rate limit headers to show. */
export class AdmissionRefused extends ParapetError {
  constructor(
    code: ErrorCode,
    message: string,
    details: ParapetError['details'],
    readonly rateLimit: RateLimit,
  ) {
    super(code, message, details);
  }
}

/** A row of what `parapet_admit` answers. */
export type AdmitRow = {
  position: number;
  refusal:
    | 'unknown_tenant'
    | 'suspended'
    | 'key'
    | 'duplicate'
    | 'gpu'
    | 'budget'
    | 'concurrency'
    | 'requests'
    | 'tokens'
    | null;
  detail: { limit?: number; used?: number; held?: number; of?: 'organisation' | 'key'; asked?: number };
  waitMicros: number | null;
  gpuLimit: number | null;
  gpuUsed: number;
  slotsLeft: number | null;
  roomy: boolean;
  requests: [limit: number, remaining: number, resetMicros: number] | null;
  tokens: [limit: number, remaining: number, resetMicros: number] | null;
};

const toBucket = (row: AdmitRow['requests']): Bucket | null =>
  row === null ? null : { limit: row[0], remaining: row[1], resetMs: Math.ceil(row[2] / 1000) };

export const rateLimitOf = (row: Pick<AdmitRow, 'requests' | 'tokens'>): RateLimit => ({
  requests: toBucket(row.requests),
  tokens: toBucket(row.tokens),
});

const seconds = (micros: number) => (micros / 1_000_000).toFixed(micros < 10_000_000 ? 1 : 0);

/** The error of a refused row: what was wrong and what to do. */
export function refusalOf(row: AdmitRow): AdmissionRefused {
  const { detail } = row;
  const retryAfterMs = row.waitMicros === null ? undefined : Math.ceil(row.waitMicros / 1000);
  const refuse = (code: ErrorCode, message: string, more: ParapetError['details'] = {}) =>
    new AdmissionRefused(code, message, more, rateLimitOf(row));
  const again = retryAfterMs === undefined ? '' : ` Try again in ${(retryAfterMs / 1000).toFixed(1)} s.`;
  switch (row.refusal) {
    case 'unknown_tenant':
      return refuse('permission_denied', 'This organisation does not exist any more.');
    case 'suspended':
      return refuse('tenant_suspended', 'This organisation is suspended. Ask the platform’s administrator.');
    case 'key':
      return refuse('invalid_api_key', 'This API key was revoked or has expired. Create another in the portal.');
    case 'duplicate':
      return refuse('conflict', 'A request with this id was already admitted.');
    case 'gpu':
      return refuse(
        'insufficient_quota',
        `This month’s GPU time is used up: ${seconds(detail.used ?? 0)} s used and ${seconds(detail.held ?? 0)} s reserved of ${seconds(detail.limit ?? 0)} s. Ask for a larger plan, or wait for the next month.`,
      );
    case 'budget':
      return refuse('insufficient_quota', 'This API key’s budget of the month is used up. Raise it in the portal.');
    case 'concurrency':
      return refuse(
        'concurrency_exceeded',
        `Too many requests at once: ${detail.limit} may run. Wait for one to end.`,
        { retryAfterMs: 1000 },
      );
    case 'requests':
      return refuse(
        'rate_limit_exceeded',
        `Rate limit of the ${detail.of}: ${detail.limit} requests a minute.${again}`,
        {
          retryAfterMs,
        },
      );
    case 'tokens':
      return refuse(
        'rate_limit_exceeded',
        retryAfterMs === undefined
          ? `The request may use ${detail.asked} tokens, more than the ${detail.of}’s ${detail.limit} tokens a minute. Shorten the prompt or lower max_tokens.`
          : `Rate limit of the ${detail.of}: ${detail.limit} tokens a minute.${again}`,
        { retryAfterMs },
      );
    case null:
      throw new Error('An admitted request has no refusal.');
  }
}
