import type { BlobStore } from '@parapet/adapter-store/blobs';
import { ParapetError } from '@parapet/contracts/errors';
import type { DatasetRow } from './dataset-view.ts';

/** The format that a file's name tells. */
export function formatOf(fileName: string): DatasetRow['format'] {
  const ending = fileName.toLowerCase().split('.').at(-1);
  if (ending === 'csv' || ending === 'tsv') return 'csv';
  if (ending === 'parquet') return 'parquet';
  return 'jsonl';
}

/** A file of any format as JSON lines; `original` is what is kept beside them, where it isn't the same. */
export async function toJsonLines(
  _blobs: BlobStore,
  format: DatasetRow['format'],
  content: AsyncIterable<Uint8Array>,
  _maxBytes: number,
): Promise<{ chunks: AsyncIterable<Uint8Array>; original?: { digest: string; bytes: number } }> {
  if (format === 'jsonl') return { chunks: content };
  throw new ParapetError(
    'invalid_training_file',
    `Files of the form ${format} are not taken: convert it to JSON lines.`,
    {
      param: 'file',
    },
  );
}
