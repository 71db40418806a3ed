import { expect, it } from 'vitest';
import { sortRows } from './sort-rows.ts';

it('orders numbers by size and text as people do, rows without a value last either way', () => {
  expect(sortRows([10, null, 9, 100], (value) => value, false)).toEqual([9, 10, 100, null]);
  expect(sortRows([10, null, 9, 100], (value) => value, true)).toEqual([100, 10, 9, null]);
  expect(sortRows(['v10', 'V9', 'a'], (value) => value, false)).toEqual(['a', 'V9', 'v10']);
});
