import type { BlobStore } from '@parapet/adapter-store/blobs';
import { csvRows } from './csv-rows.ts';
import type { DatasetRow } from './dataset-view.ts';
import { parquetRows } from './parquet-rows.ts';
import { Columns } from './table-rows.ts';

/** The format that a file's name tells. */
export function formatOf(fileName: string): DatasetRow['format'] {
  const ending = fileName.toLowerCase().split('.').at(-1);
  if (ending === 'csv' || ending === 'tsv') return 'csv';
  if (ending === 'parquet') return 'parquet';
  return 'jsonl';
}

export interface JsonLines {
  chunks: AsyncIterable<Uint8Array>;
  /** What a row's number in them is less than its number in the file: a CSV file's header counts. */
  linesBefore: number;
  /** What is kept beside the JSON lines, where it isn't the same. */
  original?: { digest: string; bytes: number };
}

/** A file of any format as JSON lines. A table is stored first and read back: Parquet begins at its end. */
export async function toJsonLines(
  blobs: BlobStore,
  format: DatasetRow['format'],
  content: AsyncIterable<Uint8Array>,
  maxBytes: number,
): Promise<JsonLines> {
  if (format === 'jsonl') return { chunks: content, linesBefore: 0 };
  const { digest, bytes } = await blobs.write(content, { maxBytes });
  const original = { digest, bytes };
  const columns = new Columns();
  if (format === 'parquet') return { chunks: encoded(parquetRows(blobs, original, columns)), linesBefore: 0, original };
  const { stream } = await blobs.read(digest);
  return { chunks: encoded(csvRows(stream, columns)), linesBefore: 1, original };
}

const chunkLength = 64 * 1024;

async function* encoded(rows: AsyncIterable<unknown>): AsyncGenerator<Uint8Array> {
  let text = '';
  for await (const row of rows) {
    text += `${JSON.stringify(row)}\n`;
    if (text.length < chunkLength) continue;
    yield Buffer.from(text);
    text = '';
  }
  if (text !== '') yield Buffer.from(text);
}
