export type SortValue = string | number | boolean | null | undefined;

/** A sorted copy: numbers by size, text as people order it, rows without a value last either way. */
export function sortRows<T>(rows: readonly T[], value: (row: T) => SortValue, descending: boolean): T[] {
  const sign = descending ? -1 : 1;
  return [...rows].sort((left, right) => {
    const a = value(left) ?? null;
    const b = value(right) ?? null;
    if (a === null || b === null) return a === b ? 0 : a === null ? 1 : -1;
    if (typeof a === 'string' && typeof b === 'string') return sign * a.localeCompare(b, 'en', { numeric: true });
    return sign * (Number(a) - Number(b));
  });
}
