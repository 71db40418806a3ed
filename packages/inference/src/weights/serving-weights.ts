import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import type { BaseModel } from '@parapet/models/open';
import type { ModelSpec } from '@parapet/models/spec';
import { z } from 'zod';
import { exportTensors } from './export-tensors.ts';
import { panelBlock } from './pack-panels.ts';

/** `fp32` is the reference, `int8` the default, `q4` keeps a Q4_1 file's four bits exactly. */
export const weightKinds = ['fp32', 'int8', 'q4'] as const;
export type WeightKind = (typeof weightKinds)[number];

/**
 * How 8-bit matrices lie in the file: `blocks` as MatMulNBits reads them, `panels` as our own kernels do
 * (pack-panels.ts). Other kinds know one layout.
 */
export const weightLayouts = ['blocks', 'panels'] as const;
export type WeightLayout = (typeof weightLayouts)[number];

/** Numbers that share a scale unless told otherwise: the largest that keeps 96% agreement with fp32 (docs/engine.md). */
export const servedBlockSize = 16;

/** Raised when the file's layout changes: an older export is made again. */
const exporterVersion = 1;
/** Offsets are page multiples: a tensor over the mapped file is aligned for every kernel. */
const alignment = 4096;

const entrySchema = z.object({
  dtype: z.enum(['float32', 'uint8']),
  shape: z.array(z.int().positive()),
  offset: z.int().min(0),
  length: z.int().positive(),
});
const indexSchema = z.object({
  exporterVersion: z.literal(exporterVersion),
  kind: z.enum(weightKinds),
  layout: z.enum(weightLayouts).default('blocks'),
  blockSize: z.int(),
  baseDigest: z.string(),
  entries: z.record(z.string(), entrySchema),
});

export type WeightEntry = z.infer<typeof entrySchema>;

/** A base model's weights in the form the serving graphs name them, in one file that is mapped. */
export interface ServingWeights {
  kind: WeightKind;
  layout: WeightLayout;
  /** Numbers that share a scale along a row of a quantised matrix. */
  blockSize: number;
  /** The data file. */
  path: string;
  fileName: string;
  folder: string;
  entries: ReadonlyMap<string, WeightEntry>;
}

/** A tensor to be written. */
export interface ExportedTensor {
  name: string;
  dtype: 'float32' | 'uint8';
  shape: number[];
  data: Float32Array | Uint8Array;
}

export interface ServingWeightsOptions {
  model: Pick<BaseModel, 'spec' | 'digest' | 'weights'>;
  kind: WeightKind;
  /** Exports are kept here by base digest, kind and exporter version. */
  folder: string;
  /** Of the layout `blocks`; `panels` have their own. */
  blockSize: number;
  layout?: WeightLayout;
}

/** The exported weights, from the folder when they are there, else made (some seconds) and kept. */
export function openServingWeights(options: ServingWeightsOptions): ServingWeights {
  const { model, kind, folder } = options;
  const layout = kind === 'int8' ? (options.layout ?? 'blocks') : 'blocks';
  const blockSize = layout === 'panels' ? panelBlock : options.blockSize;
  const form = kind === 'fp32' ? '' : layout === 'panels' ? '-panels' : `-b${blockSize}`;
  const stem = `${model.digest.slice(0, 32)}-${kind}${form}-v${exporterVersion}`;
  const fileName = `${stem}.bin`;
  const indexPath = join(folder, `${stem}.json`);
  if (!existsSync(indexPath) || !existsSync(join(folder, fileName))) {
    mkdirSync(folder, { recursive: true });
    write(
      join(folder, fileName),
      indexPath,
      { kind, layout, blockSize, baseDigest: model.digest },
      exportTensors(model, kind, blockSize, layout),
    );
  }
  const index = indexSchema.parse(JSON.parse(readFileSync(indexPath, 'utf8')));
  return {
    kind,
    layout,
    blockSize,
    path: join(folder, fileName),
    fileName,
    folder,
    entries: new Map(Object.entries(index.entries)),
  };
}

function write(
  path: string,
  indexPath: string,
  head: { kind: WeightKind; layout: WeightLayout; blockSize: number; baseDigest: string },
  tensors: Iterable<ExportedTensor>,
): void {
  const entries: Record<string, WeightEntry> = {};
  const unfinished = `${path}.${process.pid}.part`;
  const file = openSync(unfinished, 'w');
  let offset = 0;
  try {
    for (const { name, dtype, shape, data } of tensors) {
      const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
      for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at, bytes.length - at, offset + at);
      entries[name] = { dtype, shape, offset, length: bytes.length };
      offset = Math.ceil((offset + bytes.length) / alignment) * alignment;
    }
    closeSync(file);
    renameSync(unfinished, path); // the index is written last: it stands only for a whole file
    writeFileSync(`${indexPath}.part`, JSON.stringify({ exporterVersion, ...head, entries }));
    renameSync(`${indexPath}.part`, indexPath);
  } catch (error) {
    rmSync(unfinished, { force: true });
    throw error;
  }
}

/** Names of the entries that serve a linear: what a graph of layers `from ≤ l < to` needs is found by prefix. */
export function layerPrefix(layer: number): string {
  return `layers.${layer}.`;
}

/** Numbers a token's keys and values take in all layers. */
export function kvNumbersPerToken(spec: ModelSpec): number {
  return spec.layers * 2 * spec.kvHeads * spec.headDim;
}
