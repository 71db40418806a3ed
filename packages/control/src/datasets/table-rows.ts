import { UnreadableFile } from './lines.ts';

/** The columns of a table that hold training rows: `messages` alone, or `prompt` and `completion`; others are left out. */
export class Columns {
  #chat = false;

  /** @throws UnreadableFile `missing_column` */
  require(names: readonly string[]): void {
    this.#chat = names.includes('messages');
    if (this.#chat) return;
    const missing = ['prompt', 'completion'].filter((name) => !names.includes(name));
    if (missing.length === 0) return;
    const found = names.slice(0, 20).map((name) => `"${name.slice(0, 40)}"`);
    throw new UnreadableFile(
      'missing_column',
      1,
      `The table lacks the column ${missing.map((name) => `"${name}"`).join(' and ')} (or "messages"); it has ${found.join(', ') || 'none'}.`,
    );
  }

  get wanted(): string[] {
    return this.#chat ? ['messages'] : ['prompt', 'completion'];
  }
}

/** A table's row as the JSON of a training row, not checked yet. A `messages` cell is JSON text or a list. */
export function rowOfCells(cells: Record<string, unknown>, columns: Columns): unknown {
  if (!columns.wanted.includes('messages')) return { prompt: cells.prompt, completion: cells.completion };
  const { messages } = cells;
  if (typeof messages !== 'string') return { messages: plain(messages) };
  try {
    return { messages: JSON.parse(messages) };
  } catch {
    return { messages };
  }
}

/** A Parquet list of structs without the nulls of its absent fields, and without bigints. */
function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return Number(value);
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, item]) => item !== null && item !== undefined)
      .map(([key, item]) => [key, plain(item)]),
  );
}
