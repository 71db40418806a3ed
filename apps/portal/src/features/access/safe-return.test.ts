import { expect, it } from 'vitest';
import { safeReturn } from './safe-return.ts';

it('goes to paths of the portal only', () => {
  expect(['/jobs?x=1', '//evil.example', '/\\evil.example', 'https://evil.example', '', null].map(safeReturn)).toEqual([
    '/jobs?x=1',
    '/',
    '/',
    '/',
    '/',
    '/',
  ]);
});
