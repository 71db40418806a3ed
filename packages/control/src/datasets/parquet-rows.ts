import type { BlobStore } from '@parapet/adapter-store/blobs';
import { type AsyncBuffer, parquetMetadataAsync, parquetReadObjects, parquetSchema } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { UnreadableFile } from './lines.ts';
import { type Columns, rowOfCells } from './table-rows.ts';

/** Largest row group, decompressed: what is held in memory at once. */
const maxGroupBytes = 128n * 1024n * 1024n;

/** Rows of a stored Parquet file as JSON values, one row group in memory at a time. */
export async function* parquetRows(
  blobs: BlobStore,
  file: { digest: string; bytes: number },
  columns: Columns,
): AsyncGenerator<unknown> {
  const buffer = bufferOf(blobs, file);
  const metadata = await readable(() => parquetMetadataAsync(buffer));
  columns.require(parquetSchema(metadata).children.map(({ element }) => element.name));
  let rowStart = 0;
  for (const group of metadata.row_groups) {
    if (group.total_byte_size > maxGroupBytes) {
      throw new UnreadableFile(
        'line_too_long',
        0,
        'A row group of the file is above 128 MiB: write it with smaller ones.',
      );
    }
    const rowEnd = rowStart + Number(group.num_rows);
    const options = { file: buffer, metadata, compressors, columns: columns.wanted, rowStart, rowEnd };
    const rows = await readable(() => parquetReadObjects(options));
    for (const row of rows) yield rowOfCells(row, columns);
    rowStart = rowEnd;
  }
}

/** Whatever the decoder stumbles over is the file's fault. */
async function readable<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    const reason = error instanceof Error ? error.message.slice(0, 120) : 'unreadable';
    throw new UnreadableFile('invalid_encoding', 0, `The file can't be read as Parquet (${reason}).`);
  }
}

function bufferOf(blobs: BlobStore, { digest, bytes }: { digest: string; bytes: number }): AsyncBuffer {
  return {
    byteLength: bytes,
    async slice(start, end = bytes) {
      const from = start < 0 ? bytes + start : start;
      const { stream } = await blobs.read(digest, { range: { start: from, end: Math.min(end, bytes) } });
      const parts: Buffer[] = [];
      for await (const part of stream) parts.push(Buffer.from(part));
      const whole = Buffer.concat(parts);
      return whole.buffer.slice(whole.byteOffset, whole.byteOffset + whole.byteLength) as ArrayBuffer;
    },
  };
}
