import { ParapetError } from '@parapet/contracts/errors';
import type { Page } from '@parapet/contracts/portal/common';
import { asc, desc, gt, lt, type SQL } from 'drizzle-orm';
import type { PgColumn } from 'drizzle-orm/pg-core';

/** A page by offset: for lists that are sorted by what may change, and short enough to count through. */
export const offsetOf = (cursor: string | undefined): number => {
  if (cursor === undefined) return 0;
  const offset = Number(cursor);
  if (!Number.isSafeInteger(offset) || offset < 0) {
    throw new ParapetError('invalid_request', 'Unknown cursor: use `nextCursor` of the page before.', {
      param: 'cursor',
    });
  }
  return offset;
};

/** Makes a page of `limit` from `limit + 1` rows read at `offset`. */
export function offsetPage<T>(rows: T[], limit: number, offset: number): Page<T> {
  const more = rows.length > limit;
  return { items: rows.slice(0, limit), nextCursor: more ? String(offset + limit) : null };
}

/** Rows of a list by time: what is behind the cursor (the last row's id; ids sort by time), and their order. */
export const byTime = (
  id: PgColumn,
  order: 'newest' | 'oldest',
  cursor: string | undefined,
): { behind: SQL | undefined; orderBy: SQL } =>
  order === 'oldest'
    ? { behind: cursor === undefined ? undefined : gt(id, cursor), orderBy: asc(id) }
    : { behind: cursor === undefined ? undefined : lt(id, cursor), orderBy: desc(id) };

/** `%text%` for ILIKE, its wildcards taken literally. */
export const containing = (text: string): string => `%${text.replace(/[\\%_]/g, '\\$&')}%`;
