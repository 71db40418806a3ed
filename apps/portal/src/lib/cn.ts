import { type ClassValue, clsx } from 'clsx';

/**
 * Joins class names. Of two utilities for one property the stylesheet's order decides, not this one's: choose between
 * them, or mark what must win with `!`. (tailwind-merge would decide here, for 11 kB on every page.)
 */
export const cn = (...values: ClassValue[]): string => clsx(values);
