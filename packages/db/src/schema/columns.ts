import { bigint, timestamp } from 'drizzle-orm/pg-core';

/**
 * A moment, to the millisecond: what a JS Date holds, so a value read back equals the one written.
 */
export const moment = (name: string) => timestamp(name, { withTimezone: true, precision: 3, mode: 'date' });

export const createdAt = () => moment('created_at').notNull().defaultNow();
export const updatedAt = () => moment('updated_at').notNull().defaultNow();

/**
 * A count of tokens, bytes, microseconds of device time or micro-units of currency.
 * Read as a JS number: exact below 2^53, which is 285 years of device time, 9·10⁹ units of currency or 9·10¹⁵
 * tokens of one row. The checks of `ledger.ts` refuse larger ones.
 */
export const quantity = (name: string) => bigint(name, { mode: 'number' });
