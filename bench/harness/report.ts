import { cpus, loadavg, totalmem } from 'node:os';

/** Median of the samples; NaN of none. */
export function median(samples: readonly number[]): number {
  const sorted = [...samples].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  if (sorted.length === 0) return Number.NaN;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** What machine the numbers are from; every result names it. `load` is the one-minute average: above the cores, measure again. */
export function describeMachine() {
  const processors = cpus();
  return {
    cpu: processors[0]?.model.trim() ?? 'unknown',
    cores: processors.length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    node: process.version,
    load: Number(loadavg()[0]!.toFixed(2)),
  };
}

/** Ends a benchmark: the table for people, then (always the last line) one JSON object with the keys an issue names. */
export function printResult(result: Record<string, unknown>): void {
  for (const [key, value] of Object.entries(result)) {
    if (typeof value !== 'object' || value === null) console.log(`${key.padEnd(32)} ${String(value)}`);
  }
  console.log(JSON.stringify({ ...result, machine: describeMachine() }));
}
