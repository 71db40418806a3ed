import type { Bucket, RateLimit } from '@parapet/metering/metering';
import { formatDuration } from './duration.ts';

/** `x-ratelimit-*` as OpenAI's clients read them; a limit that is not set has no headers. */
export function rateLimitHeaders(limits: RateLimit): Record<string, string> {
  return { ...bucketHeaders('requests', limits.requests), ...bucketHeaders('tokens', limits.tokens) };
}

function bucketHeaders(unit: string, bucket: Bucket | null): Record<string, string> {
  if (!bucket) return {};
  return {
    [`x-ratelimit-limit-${unit}`]: String(bucket.limit),
    [`x-ratelimit-remaining-${unit}`]: String(bucket.remaining),
    [`x-ratelimit-reset-${unit}`]: formatDuration(bucket.resetMs),
  };
}
