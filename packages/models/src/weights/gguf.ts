import { GGMLQuantizationType, gguf } from '@huggingface/gguf';
import { type ModelSpec, modelSpecSchema, type WeightName, weightShapes } from '../spec.ts';
import { byteLength } from './blocks.ts';
import { FileReader } from './file-reader.ts';
import { ModelWeights, Weight, type WeightFormat } from './weights.ts';

const formats: Partial<Record<GGMLQuantizationType, WeightFormat>> = {
  [GGMLQuantizationType.F32]: 'float32',
  [GGMLQuantizationType.F16]: 'float16',
  [GGMLQuantizationType.BF16]: 'bfloat16',
  [GGMLQuantizationType.Q8_0]: 'q8_0',
  [GGMLQuantizationType.Q4_1]: 'q4_1',
};

const layerTensors = {
  attn_norm: 'attn_norm',
  q: 'attn_q',
  k: 'attn_k',
  v: 'attn_v',
  o: 'attn_output',
  ffn_norm: 'ffn_norm',
  gate: 'ffn_gate',
  up: 'ffn_up',
  down: 'ffn_down',
} as const;

/** llama.cpp's name of a weight. */
function ggufName(name: WeightName): string {
  if (name === 'embed') return 'token_embd.weight';
  if (name === 'final_norm') return 'output_norm.weight';
  if (name === 'head') return 'output.weight';
  const [, layer, part] = name.split('.');
  return `blk.${layer}.${layerTensors[part as keyof typeof layerTensors]}.weight`;
}

export type GgufModel = { spec: ModelSpec; weights: ModelWeights; metadata: Readonly<Record<string, unknown>> };

/**
 * Opens a GGUF file of the `llama` architecture.
 *
 * @throws Error naming what is missing or unsupported: another architecture, a tensor's type, a cut-off file.
 */
export async function openGguf(path: string): Promise<GgufModel> {
  const reader = new FileReader(path);
  try {
    const header = await gguf(path, { allowLocalFile: true });
    const metadata = header.metadata as unknown as Readonly<Record<string, unknown>>;
    const infos = new Map(header.tensorInfos.map((info) => [info.name, info]));
    const spec = specOf(metadata, infos.has('output.weight'), path);
    const weights = new Map<WeightName, Weight>();
    for (const [name, shape] of weightShapes(spec)) {
      const info = infos.get(ggufName(name));
      if (info === undefined) throw new Error(`${path} has no tensor ${ggufName(name)}`);
      const format = formats[info.dtype];
      if (format === undefined)
        throw new Error(
          `${path}: tensor ${info.name} is ${GGMLQuantizationType[info.dtype]}; F32, F16, BF16, Q8_0 and Q4_1 can be read`,
        );
      const found = info.shape.map(Number).reverse(); // GGUF lists the fastest axis first
      if (found.join() !== shape.join())
        throw new Error(`${path}: tensor ${info.name} is [${found}], but the header's numbers make it [${shape}]`);
      const size = shape.reduce((product, length) => product * length, 1);
      const offset = Number(header.tensorDataOffset + info.offset);
      const length = byteLength(format, size);
      if (offset + length > reader.size) throw new Error(`${path} is cut off: tensor ${info.name} ends behind its end`);
      const heads = name.endsWith('.q') ? spec.heads : name.endsWith('.k') ? spec.kvHeads : null;
      const readRaw = () => {
        const raw = reader.read(offset, length);
        return heads === null ? raw : unpermuteRows(raw, heads, spec.headDim);
      };
      weights.set(name, new Weight(name, format, shape, readRaw));
    }
    return { spec, weights: new ModelWeights(weights, () => reader.close()), metadata };
  } catch (error) {
    reader.close();
    throw error;
  }
}

/**
 * llama.cpp stores q and k with each head's rows interleaved (0, h/2, 1, h/2+1, …) for its own rotary kernel.
 * Blocks run along a row, so that putting whole rows back keeps every bit.
 */
export function unpermuteRows(raw: Uint8Array, heads: number, headDim: number): Uint8Array {
  const rowBytes = raw.byteLength / (heads * headDim);
  const half = headDim / 2;
  const out = new Uint8Array(raw.byteLength);
  for (let head = 0; head < heads; head++)
    for (let i = 0; i < half; i++)
      for (let part = 0; part < 2; part++) {
        const from = (head * headDim + 2 * i + part) * rowBytes;
        out.set(raw.subarray(from, from + rowBytes), (head * headDim + part * half + i) * rowBytes);
      }
  return out;
}

function specOf(metadata: Readonly<Record<string, unknown>>, ownHead: boolean, path: string): ModelSpec {
  const architecture = metadata['general.architecture'];
  if (architecture !== 'llama')
    throw new Error(`${path} holds a model of architecture ${String(architecture)}; only "llama" can be opened`);
  const number = (key: string): number => {
    const value = metadata[`llama.${key}`];
    if (typeof value !== 'number' && typeof value !== 'bigint') throw new Error(`${path}: llama.${key} is missing`);
    return Number(value);
  };
  const has = (key: string) => metadata[`llama.${key}`] !== undefined;
  const width = number('embedding_length');
  const heads = number('attention.head_count');
  const tokens = metadata['tokenizer.ggml.tokens'];
  return modelSpecSchema.parse({
    architecture: 'llama',
    layers: number('block_count'),
    width,
    heads,
    kvHeads: has('attention.head_count_kv') ? number('attention.head_count_kv') : heads,
    headDim: has('attention.key_length') ? number('attention.key_length') : width / heads,
    ffn: number('feed_forward_length'),
    vocab: Array.isArray(tokens) ? tokens.length : number('vocab_size'),
    ropeTheta: has('rope.freq_base') ? number('rope.freq_base') : 10_000,
    eps: Number(number('attention.layer_norm_rms_epsilon').toPrecision(7)), // the file's float32 as it was written
    context: number('context_length'),
    tiedHead: !ownHead,
    activation: 'silu',
  } satisfies ModelSpec);
}
