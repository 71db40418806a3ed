import type { BlobStore } from '@parapet/adapter-store/blobs';
import type { Digest } from '@parapet/contracts/ids';
import { type Inspection, type InspectionRules, JsonlInspector } from './inspect.ts';
import { UnreadableFile, withoutByteOrderMark } from './lines.ts';
import { refusalOf } from './refusal.ts';

export interface StoredRows {
  digest: Digest;
  bytes: number;
  inspection: Inspection;
}

/**
 * Stores JSON lines while they are checked, in one pass and without ever holding the file. A file with an error is
 * refused as a whole, and nothing of it is kept.
 * @throws ParapetError `invalid_training_file` with every problem found, `payload_too_large`.
 */
export async function storeRows(
  blobs: BlobStore,
  chunks: AsyncIterable<Uint8Array>,
  options: InspectionRules & { maxBytes: number },
): Promise<StoredRows> {
  const inspector = new JsonlInspector(options);
  let inspection: Inspection | null = null;
  async function* checked(): AsyncGenerator<Uint8Array> {
    try {
      for await (const chunk of withoutByteOrderMark(chunks)) {
        inspector.push(chunk);
        // Past an unreadable place nothing more can be found: the rest need not be sent.
        if (inspector.stopped) throw refusalOf(inspector.problems);
        yield chunk;
      }
    } catch (error) {
      if (!(error instanceof UnreadableFile)) throw error;
      inspector.stop(error);
      throw refusalOf(inspector.problems);
    }
    inspection = inspector.end();
    // Thrown into the store's own write: it drops what it has.
    if (inspection.problems.errors > 0) throw refusalOf(inspection.problems);
  }
  const { digest, bytes } = await blobs.write(checked(), { maxBytes: options.maxBytes });
  return { digest, bytes, inspection: inspection ?? inspector.end() };
}
