import { expect, test } from 'vitest';
import { formatDuration } from './duration.ts';

test.each([
  [0, '0ms'],
  [11.2, '12ms'],
  [1_000, '1s'],
  [1_500, '1.5s'],
  [360_000, '6m0s'],
  [3_600_000, '1h0m0s'],
  [59_999.5, '1m0s'],
])('%d ms is %s', (ms, text) => {
  expect(formatDuration(ms)).toBe(text);
});
