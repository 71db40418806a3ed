import { readFileSync } from 'node:fs';
import { z } from 'zod';

const scores = z.object({ exact: z.number(), f1: z.number(), number: z.number() });
const lineSchema = z.object({
  task: z.string(),
  method: z.string(),
  parameters: z.int(),
  learning_rate: z.number(),
  seed: z.int(),
  steps: z.int(),
  valid: scores,
  test: scores,
});
type Line = z.infer<typeof lineSchema>;

/** One method on one data set, at the learning rate that its validation rows chose. */
export type Cell = {
  task: string;
  method: string;
  parameters: number;
  learningRate: number;
  seeds: number;
  valid: number;
  /** Mean over the seeds, per cent. */
  test: number;
  lowest: number;
  highest: number;
};

/** What a data set is judged by: sweep.py's third column. */
const metricOf = (task: string): keyof z.infer<typeof scores> =>
  task === 'squad' ? 'f1' : task === 'gsm8k' ? 'number' : 'exact';

const mean = (numbers: readonly number[]) => numbers.reduce((sum, x) => sum + x, 0) / numbers.length;

/** Reads what sweep.py wrote: chooses by `valid`, reports `test`. */
export function qualityTable(path: URL): Cell[] {
  const lines = readFileSync(path, 'utf8')
    .trim()
    .split('\n')
    .map((line) => lineSchema.parse(JSON.parse(line)));
  const groups = new Map<string, Line[]>();
  for (const line of lines) {
    const key = `${line.task} ${line.method} ${line.learning_rate}`;
    groups.set(key, [...(groups.get(key) ?? []), line]);
  }
  const best = new Map<string, Cell>();
  for (const group of groups.values()) {
    const { task, method, parameters, learning_rate: learningRate } = group[0]!;
    const metric = metricOf(task);
    const tests = group.map((line) => line.test[metric]);
    const cell: Cell = {
      ...{ task, method, parameters, learningRate, seeds: group.length },
      valid: mean(group.map((line) => line.valid[metric])),
      ...{ test: mean(tests), lowest: Math.min(...tests), highest: Math.max(...tests) },
    };
    const before = best.get(`${task} ${method}`);
    if (before === undefined || cell.valid > before.valid) best.set(`${task} ${method}`, cell);
  }
  return [...best.values()];
}

/** By data set: the best PARA, and how far it is from the best LoRA of at most its size (positive = PARA is ahead). */
export function paraAgainstLora(cells: readonly Cell[]): Record<string, number> {
  const gaps: Record<string, number> = {};
  for (const task of new Set(cells.map((cell) => cell.task))) {
    const own = cells.filter((cell) => cell.task === task);
    const para = own.filter((cell) => cell.method.startsWith('para'));
    for (const { parameters, test } of para) {
      const peers = own.filter((cell) => cell.method.startsWith('lora') && cell.parameters <= parameters);
      if (peers.length === 0) continue;
      const gap = test - Math.max(...peers.map((cell) => cell.test));
      gaps[task] = Math.max(gaps[task] ?? Number.NEGATIVE_INFINITY, Number(gap.toFixed(1)));
    }
  }
  return gaps;
}
