import { expect, it } from 'vitest';
import { isCurrent } from './is-current.ts';

it('marks the page and what is above it, and the start page only on itself', () => {
  expect(isCurrent('/', '/keys')).toBe(false);
  expect(isCurrent('/', '/')).toBe(true);
  expect(isCurrent('/datasets', '/datasets/file-1')).toBe(true);
  expect(isCurrent('/admin/jobs', '/admin/jobs-old')).toBe(false);
});
