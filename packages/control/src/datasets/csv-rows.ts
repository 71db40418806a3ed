import { Readable } from 'node:stream';
import Papa from 'papaparse';
import { UnreadableFile } from './lines.ts';
import { type Columns, rowOfCells } from './table-rows.ts';

/** Strict UTF-8, chunk by chunk. */
async function* decoded(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  try {
    for await (const chunk of chunks) yield decoder.decode(chunk, { stream: true });
    yield decoder.decode();
  } catch (error) {
    if (error instanceof TypeError) {
      throw new UnreadableFile('invalid_encoding', 0, 'The file is not valid UTF-8: save it as UTF-8.');
    }
    throw error;
  }
}

/**
 * Rows of a CSV file (RFC 4180; comma, semicolon or tab, whichever the header shows) as JSON values. The first record
 * names the columns.
 */
export async function* csvRows(chunks: AsyncIterable<Uint8Array>, columns: Columns): AsyncGenerator<unknown> {
  const parser = Papa.parse(Papa.NODE_STREAM_INPUT, { skipEmptyLines: 'greedy' });
  const source = Readable.from(decoded(chunks));
  source.on('error', (error) => parser.destroy(error));
  source.pipe(parser);
  let header: string[] | null = null;
  for await (const cells of parser as AsyncIterable<string[]>) {
    if (header === null) {
      header = cells.map((name) => name.replace(/^\ufeff/, '').trim());
      columns.require(header);
      continue;
    }
    const row: Record<string, unknown> = {};
    for (const [index, name] of header.entries()) row[name] = cells[index];
    yield rowOfCells(row, columns);
  }
}
