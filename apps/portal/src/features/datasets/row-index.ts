import type { DatasetView } from '@parapet/contracts/portal/datasets';

/** One row by what is searched and shown of it in a list. */
export type IndexedRow = { prompt: string; answer: string; length: number };
export type RowOrder = 'file' | 'longest' | 'shortest' | 'answer';
export const rowOrders: readonly RowOrder[] = ['file', 'longest', 'shortest', 'answer'];

/** Above it a file is not read into the page to be searched. */
const maxBytes = 64 * 1024 * 1024;

/** Only lines of JSON can be read row by row from the file as it was uploaded. */
export const canBeSearched = (dataset: DatasetView): boolean =>
  dataset.format === 'jsonl' && dataset.bytes <= maxBytes && dataset.status !== 'invalid';

/** A line of a sound file. */
function indexedRow(line: string): IndexedRow {
  const row = JSON.parse(line) as {
    prompt?: string;
    completion?: string;
    messages?: { role: string; content: string }[];
  };
  const last = (role: string) => row.messages?.findLast((message) => message.role === role)?.content ?? '';
  return {
    prompt: row.prompt ?? last('user'),
    answer: row.completion ?? last('assistant'),
    length: line.length,
  };
}

/** All rows of a file as it streams in; between chunks the page goes on answering. */
export async function readRowIndex(content: ReadableStream<Uint8Array>): Promise<IndexedRow[]> {
  const rows: IndexedRow[] = [];
  const decoder = new TextDecoder();
  const reader = content.getReader();
  let rest = '';
  for (;;) {
    const { done, value } = await reader.read();
    const lines = (rest + (done ? decoder.decode() : decoder.decode(value, { stream: true }))).split('\n');
    rest = done ? '' : (lines.pop() ?? '');
    for (const line of lines) if (line.trim() !== '') rows.push(indexedRow(line));
    if (done) return rows;
    await new Promise((resolve) => setTimeout(resolve));
  }
}

const byOrder: Record<Exclude<RowOrder, 'file'>, (a: IndexedRow, b: IndexedRow) => number> = {
  longest: (a, b) => b.length - a.length,
  shortest: (a, b) => a.length - b.length,
  // By code unit: a locale's order of ten thousand rows takes longer than a key press may.
  answer: (a, b) => (a.answer < b.answer ? -1 : a.answer > b.answer ? 1 : 0),
};

/** Places in the file of the rows that hold `search`, in `order`. */
export function selectRows(rows: readonly IndexedRow[], search: string, order: RowOrder): number[] {
  const wanted = search.trim().toLowerCase();
  const found: number[] = [];
  for (const [at, row] of rows.entries()) {
    if (wanted === '' || row.prompt.toLowerCase().includes(wanted) || row.answer.toLowerCase().includes(wanted))
      found.push(at);
  }
  if (order === 'file') return found;
  const compare = byOrder[order];
  return found.sort((a, b) => compare(rows[a] as IndexedRow, rows[b] as IndexedRow));
}
