import type { RowProblem } from '@parapet/contracts/training-row';
import { checkRow } from '@parapet/contracts/training-row-check';
import { datasets as text } from '#text/en/datasets.ts';

/** What was found so far: lines looked at, faults in all, the first of them in full. */
export type FileCheck = { lines: number; total: number; problems: RowProblem[]; done: boolean };

const mostKept = 100;
const reportMs = 100;

function faultOf(line: string): Pick<RowProblem, 'code' | 'message'> | null {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return { code: 'invalid_json', message: text.notJson };
  }
  const checked = checkRow(value);
  return 'fault' in checked ? checked.fault : null;
}

/**
 * Looks through a JSONL file line by line, as the gateway will: its faults are seen while it is still being sent. What
 * takes the whole file (duplicates, too few rows) and the last word are the gateway's.
 */
export async function checkFile(
  content: ReadableStream<Uint8Array>,
  onFound: (found: FileCheck) => void,
  signal: AbortSignal,
): Promise<void> {
  const found: FileCheck = { lines: 0, total: 0, problems: [], done: false };
  const decoder = new TextDecoder();
  const reader = content.getReader();
  let rest = '';
  let reported = 0;
  while (!signal.aborted) {
    const { done, value } = await reader.read();
    const lines = (rest + (done ? decoder.decode() : decoder.decode(value, { stream: true }))).split('\n');
    rest = done ? '' : (lines.pop() ?? '');
    for (const line of lines) {
      if (done && line === '') continue;
      found.lines += 1;
      const fault = line.trim() === '' ? null : faultOf(line);
      if (fault === null) continue;
      found.total += 1;
      if (found.problems.length < mostKept) found.problems.push({ line: found.lines, severity: 'error', ...fault });
    }
    if (done) found.done = true;
    if (done || performance.now() - reported > reportMs) {
      reported = performance.now();
      onFound({ ...found, problems: [...found.problems] });
    }
    if (done) return;
  }
  await reader.cancel();
}
