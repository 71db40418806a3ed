const dayMs = 86_400_000;
const lengths = { '1d': 1, '7d': 7, '30d': 30, '90d': 90 } as const;
export type RangeName = keyof typeof lengths;

/** The range of an address; what it says wrongly is 30 days. */
export const rangeName = (value: string | undefined): RangeName =>
  value !== undefined && value in lengths ? (value as RangeName) : '30d';

/**
 * [from, to) of the last days, to the end of the current hour or day in UTC, so that the same query stays the same
 * for a while (and the server's prefetch is the browser's query).
 */
export function rangeOf(name: RangeName, nowMs: number): { from: number; to: number; bucket: 'hour' | 'day' } {
  const bucket = name === '1d' ? 'hour' : 'day';
  const step = bucket === 'hour' ? 3_600_000 : dayMs;
  const to = (Math.floor(nowMs / step) + 1) * step;
  return { from: to - lengths[name] * dayMs, to, bucket };
}
