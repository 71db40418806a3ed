import type { UsageRow } from '@parapet/contracts/portal/usage';
import { describe, expect, it } from 'vitest';
import { rangeName, rangeOf } from './ranges.ts';
import { toSeries } from './series.ts';
import { niceCeiling } from './usage-chart.tsx';

const day = 86_400_000;
const row = (at: number, group: string, requests: number): UsageRow => ({
  at,
  group,
  groupLabel: group.toUpperCase(),
  requests,
  promptTokens: 0,
  cachedTokens: 0,
  completionTokens: 0,
  inferenceDeviceMicros: 0,
  trainingDeviceMicros: 0,
  trainedTokens: 0,
  costMicros: 0,
});

describe('toSeries', () => {
  const range = { from: 10 * day, to: 13 * day, bucket: 'day' as const };

  it('has an entry for every day, the empty ones too', () => {
    const { data, labels } = toSeries([row(11 * day, 'a', 5)], range, 'requests', 'Other');
    expect(labels).toEqual(['A']);
    expect(data).toEqual([
      { at: 10 * day, s0: 0 },
      { at: 11 * day, s0: 5 },
      { at: 12 * day, s0: 0 },
    ]);
  });

  it('sums what is past the largest groups, and loses nothing', () => {
    const rows = ['a', 'b', 'c', 'd'].map((group, index) => row(10 * day, group, 10 - index));
    const { data, labels } = toSeries(rows, range, 'requests', 'Other', 2);
    expect(labels).toEqual(['A', 'B', 'Other']);
    expect(data[0]).toEqual({ at: 10 * day, s0: 10, s1: 9, s2: 8 + 7 });
  });
});

describe('rangeOf', () => {
  it('ends with the current bucket, whole', () => {
    const now = Date.UTC(2026, 4, 3, 10, 20);
    expect(rangeOf('7d', now)).toEqual({ from: Date.UTC(2026, 3, 27), to: Date.UTC(2026, 4, 4), bucket: 'day' });
    expect(rangeOf('1d', now).to).toBe(Date.UTC(2026, 4, 3, 11));
    expect(rangeName('nonsense')).toBe('30d');
  });
});

it('ends axes at numbers people can read', () => {
  expect([0, 1, 3, 42, 99, 101, 0.004].map(niceCeiling)).toEqual([1, 1, 5, 50, 100, 200, 0.005]);
});
