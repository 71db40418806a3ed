/** Shares a step's integer microseconds among its rows: the shares add up to the whole, exactly. */
export function shareMicros(total: number, rows: number): number[] {
  const base = Math.floor(total / rows);
  const rest = total - base * rows;
  return Array.from({ length: rows }, (_, row) => (row < rest ? base + 1 : base));
}
