/**
 * The safetensors container (https://github.com/huggingface/safetensors#format): eight bytes of header length,
 * a JSON header, the tensors' bytes. Used for base models and for adapters.
 */

export const safetensorsDtypes = { F64: 8, F32: 4, F16: 2, BF16: 2, I64: 8, I32: 4, U8: 1, I8: 1, BOOL: 1 } as const;
export type SafetensorsDtype = keyof typeof safetensorsDtypes;

/** `begin` and `end` count from the end of the header. */
export type SafetensorsEntry = { dtype: SafetensorsDtype; shape: readonly number[]; begin: number; end: number };
export type SafetensorsHeader = {
  entries: Map<string, SafetensorsEntry>;
  metadata: Record<string, string>;
  /** Where the tensors' bytes begin in the file. */
  dataOffset: number;
};

const maxHeaderBytes = 100_000_000; // the format's own limit

/** The header's length in bytes, from a file's first eight bytes. @throws Error on anything that can't be one. */
export function safetensorsHeaderLength(first8: Uint8Array, fileSize: number): number {
  if (first8.byteLength < 8) throw new Error('not a safetensors file: shorter than its eight-byte prefix');
  const length = Number(new DataView(first8.buffer, first8.byteOffset, 8).getBigUint64(0, true));
  if (length < 2 || length > maxHeaderBytes || 8 + length > fileSize)
    throw new Error(`not a safetensors file: it claims a header of ${length} bytes`);
  return length;
}

/**
 * Reads and checks a header: known dtypes, byte ranges that fit shape and file, no gap and no overlap.
 *
 * @param dataBytes bytes of the file behind the header
 */
export function parseSafetensorsHeader(header: Uint8Array, dataBytes: number): SafetensorsHeader {
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(header));
  } catch {
    throw new Error('not a safetensors file: its header is no JSON');
  }
  if (typeof json !== 'object' || json === null || Array.isArray(json))
    throw new Error('not a safetensors file: its header is no JSON object');
  const entries = new Map<string, SafetensorsEntry>();
  const metadata: Record<string, string> = {};
  for (const [name, value] of Object.entries(json)) {
    if (name === '__metadata__') {
      for (const [key, text] of Object.entries(value as object)) metadata[key] = String(text);
    } else entries.set(name, parseEntry(name, value));
  }
  let at = 0;
  for (const [name, entry] of [...entries].sort((a, b) => a[1].begin - b[1].begin)) {
    if (entry.begin !== at) throw new Error(`safetensors: the bytes of ${name} leave a gap or overlap`);
    at = entry.end;
  }
  if (at !== dataBytes) throw new Error(`safetensors: the header describes ${at} bytes, the file has ${dataBytes}`);
  return { entries, metadata, dataOffset: 8 + header.byteLength };
}

function parseEntry(name: string, value: unknown): SafetensorsEntry {
  const bad = (why: string) => new Error(`safetensors: tensor ${name} ${why}`);
  if (typeof value !== 'object' || value === null) throw bad('has no description');
  const { dtype, shape, data_offsets } = value as Record<string, unknown>;
  if (typeof dtype !== 'string' || !(dtype in safetensorsDtypes)) throw bad(`has the unknown dtype ${String(dtype)}`);
  const naturals = (list: unknown): list is number[] =>
    Array.isArray(list) && list.every((n) => Number.isSafeInteger(n) && n >= 0);
  if (!naturals(shape) || !naturals(data_offsets) || data_offsets.length !== 2) throw bad('has no shape or no offsets');
  const [begin, end] = data_offsets as [number, number];
  const bytes = shape.reduce((product, size) => product * size, safetensorsDtypes[dtype as SafetensorsDtype]);
  if (end - begin !== bytes)
    throw bad(`of shape [${shape}] and dtype ${dtype} takes ${bytes} bytes, not ${end - begin}`);
  return { dtype: dtype as SafetensorsDtype, shape, begin, end };
}

export type SafetensorsTensor = { dtype: SafetensorsDtype; shape: readonly number[]; data: Uint8Array };

/** A whole file from bytes in memory. The tensors' `data` are plain views of `bytes`. */
export function decodeSafetensors(bytes: Uint8Array): {
  tensors: Map<string, SafetensorsTensor>;
  metadata: Record<string, string>;
} {
  const file = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength); // a Buffer's slice() is no copy
  const length = safetensorsHeaderLength(file.subarray(0, 8), file.byteLength);
  const { entries, metadata, dataOffset } = parseSafetensorsHeader(
    file.subarray(8, 8 + length),
    file.byteLength - 8 - length,
  );
  const tensors = new Map<string, SafetensorsTensor>();
  for (const [name, { dtype, shape, begin, end }] of entries)
    tensors.set(name, { dtype, shape, data: file.subarray(dataOffset + begin, dataOffset + end) });
  return { tensors, metadata };
}

/** Tensors in the given order → a file. The same input gives the same bytes. */
export function encodeSafetensors(
  tensors: ReadonlyMap<string, SafetensorsTensor>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  const header: Record<string, unknown> = {};
  if (Object.keys(metadata).length > 0) header.__metadata__ = metadata;
  let offset = 0;
  for (const [name, { dtype, shape, data }] of tensors) {
    header[name] = { dtype, shape, data_offsets: [offset, offset + data.byteLength] };
    offset += data.byteLength;
  }
  let text = JSON.stringify(header);
  text += ' '.repeat((8 - (Buffer.byteLength(text) % 8)) % 8); // tensors start at a multiple of eight
  const json = Buffer.from(text);
  const out = new Uint8Array(8 + json.byteLength + offset);
  new DataView(out.buffer).setBigUint64(0, BigInt(json.byteLength), true);
  out.set(json, 8);
  let at = 8 + json.byteLength;
  for (const { data } of tensors.values()) {
    out.set(data, at);
    at += data.byteLength;
  }
  return out;
}
