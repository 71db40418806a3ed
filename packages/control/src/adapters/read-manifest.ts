import type { BlobStore } from '@parapet/adapter-store/blobs';
import { type AdapterManifest, adapterManifestSchema } from '@parapet/contracts/adapter';
import { ParapetError } from '@parapet/contracts/errors';

/** A safetensors header is a few kilobytes for hundreds of tensors; past this it is no adapter of ours. */
const maxHeaderBytes = 1 << 20;

/**
 * The manifest of a stored adapter file (safetensors: 8 bytes of header length, little endian, then JSON). What is
 * inside the tensors is checked by who loads it.
 * @throws ParapetError `invalid_adapter`, `not_found`.
 */
export async function readManifest(
  blobs: BlobStore,
  digest: string,
): Promise<{ manifest: AdapterManifest; bytes: number }> {
  const info = await blobs.stat(digest);
  if (info === null) throw new ParapetError('not_found', `There is no stored content ${digest}.`);
  const prefix = await readRange(blobs, digest, 0, Math.min(8, info.bytes));
  const length = prefix.length === 8 ? Number(prefix.readBigUInt64LE()) : 0;
  if (length === 0 || length > maxHeaderBytes || length + 8 > info.bytes) throw invalid('it is no safetensors file');
  const header = await readRange(blobs, digest, 8, 8 + length);
  let own: unknown;
  try {
    own = JSON.parse(JSON.parse(header.toString('utf8')).__metadata__.parapet);
  } catch {
    throw invalid('its header holds no manifest of ours under __metadata__.parapet');
  }
  const parsed = adapterManifestSchema.safeParse(own);
  if (!parsed.success) {
    throw invalid(
      `its manifest is wrong at ${parsed.error.issues[0]?.path.join('.')}: ${parsed.error.issues[0]?.message}`,
    );
  }
  return { manifest: parsed.data, bytes: info.bytes };
}

const invalid = (why: string) =>
  new ParapetError('invalid_adapter', `The file is not a usable adapter: ${why}.`, { param: 'file' });

async function readRange(blobs: BlobStore, digest: string, start: number, end: number): Promise<Buffer> {
  const { stream } = await blobs.read(digest, { range: { start, end } });
  const parts: Buffer[] = [];
  for await (const chunk of stream) parts.push(Buffer.from(chunk));
  return Buffer.concat(parts);
}
