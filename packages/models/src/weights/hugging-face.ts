import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { type ModelSpec, modelSpecSchema, type WeightName, weightShapes } from '../spec.ts';
import { FileReader } from './file-reader.ts';
import { parseSafetensorsHeader, type SafetensorsDtype, safetensorsHeaderLength } from './safetensors.ts';
import { ModelWeights, Weight, type WeightFormat } from './weights.ts';

const configSchema = z.object({
  model_type: z.string(),
  num_hidden_layers: z.int(),
  hidden_size: z.int(),
  num_attention_heads: z.int(),
  num_key_value_heads: z.int().optional(),
  head_dim: z.int().nullish(),
  intermediate_size: z.int(),
  vocab_size: z.int(),
  rope_theta: z.number().default(10_000),
  rope_scaling: z.unknown().optional(),
  rms_norm_eps: z.number(),
  max_position_embeddings: z.int(),
  tie_word_embeddings: z.boolean().default(false),
  hidden_act: z.string().default('silu'),
  attention_bias: z.boolean().default(false),
  mlp_bias: z.boolean().default(false),
});

const formats: Partial<Record<SafetensorsDtype, WeightFormat>> = { F32: 'float32', F16: 'float16', BF16: 'bfloat16' };

const layerTensors = {
  attn_norm: 'input_layernorm',
  q: 'self_attn.q_proj',
  k: 'self_attn.k_proj',
  v: 'self_attn.v_proj',
  o: 'self_attn.o_proj',
  ffn_norm: 'post_attention_layernorm',
  gate: 'mlp.gate_proj',
  up: 'mlp.up_proj',
  down: 'mlp.down_proj',
} as const;

/** The name of a weight in `transformers`' Llama. */
export function transformersName(name: WeightName): string {
  if (name === 'embed') return 'model.embed_tokens.weight';
  if (name === 'final_norm') return 'model.norm.weight';
  if (name === 'head') return 'lm_head.weight';
  const [, layer, part] = name.split('.');
  return `model.layers.${layer}.${layerTensors[part as keyof typeof layerTensors]}.weight`;
}

/** Opens a folder as the hub holds it: config.json and model.safetensors, or shards with their index. */
export function openHuggingFace(dir: string): { spec: ModelSpec; weights: ModelWeights } {
  const spec = readSpec(join(dir, 'config.json'));
  const readers = new Map<string, FileReader>();
  const close = () => {
    for (const reader of readers.values()) reader.close();
  };
  try {
    const weights = new Map<WeightName, Weight>();
    const located = locateTensors(dir, readers);
    for (const [name, shape] of weightShapes(spec)) {
      const found = located.get(transformersName(name));
      if (found === undefined) throw new Error(`${dir} has no tensor ${transformersName(name)}`);
      const format = formats[found.dtype];
      if (format === undefined)
        throw new Error(`${dir}: ${transformersName(name)} is ${found.dtype}, not F32, F16 or BF16`);
      if (found.shape.join() !== shape.join())
        throw new Error(`${dir}: ${transformersName(name)} is [${found.shape}], but config.json makes it [${shape}]`);
      const { reader, offset, length } = found;
      weights.set(name, new Weight(name, format, shape, () => reader.read(offset, length)));
    }
    return { spec, weights: new ModelWeights(weights, close) };
  } catch (error) {
    close();
    throw error;
  }
}

function readSpec(path: string): ModelSpec {
  const parsed = configSchema.safeParse(JSON.parse(readFileSync(path, 'utf8')));
  if (!parsed.success) throw new Error(`${path}: ${parsed.error.issues[0]?.path.join('.')} is missing or wrong`);
  const config = parsed.data;
  if (config.model_type !== 'llama') throw new Error(`${path}: model_type ${config.model_type} is not "llama"`);
  if (config.attention_bias || config.mlp_bias) throw new Error(`${path}: linears with a bias are not supported`);
  if (config.rope_scaling != null) throw new Error(`${path}: rope_scaling is not supported`);
  if (config.hidden_act !== 'silu') throw new Error(`${path}: hidden_act ${config.hidden_act} is not "silu"`);
  return modelSpecSchema.parse({
    architecture: 'llama',
    layers: config.num_hidden_layers,
    width: config.hidden_size,
    heads: config.num_attention_heads,
    kvHeads: config.num_key_value_heads ?? config.num_attention_heads,
    headDim: config.head_dim ?? config.hidden_size / config.num_attention_heads,
    ffn: config.intermediate_size,
    vocab: config.vocab_size,
    ropeTheta: config.rope_theta,
    eps: config.rms_norm_eps,
    context: config.max_position_embeddings,
    tiedHead: config.tie_word_embeddings,
    activation: 'silu',
  } satisfies ModelSpec);
}

type Located = {
  reader: FileReader;
  dtype: SafetensorsDtype;
  shape: readonly number[];
  offset: number;
  length: number;
};

function locateTensors(dir: string, readers: Map<string, FileReader>): Map<string, Located> {
  const located = new Map<string, Located>();
  for (const file of shardFiles(dir)) {
    const reader = new FileReader(join(dir, file));
    readers.set(file, reader);
    const length = safetensorsHeaderLength(reader.read(0, Math.min(8, reader.size)), reader.size);
    const { entries, dataOffset } = parseSafetensorsHeader(reader.read(8, length), reader.size - 8 - length);
    for (const [name, { dtype, shape, begin, end }] of entries)
      located.set(name, { reader, dtype, shape, offset: dataOffset + begin, length: end - begin });
  }
  return located;
}

/** The weight files of a folder, shards in the order of their names. */
export function shardFiles(dir: string): string[] {
  const index = join(dir, 'model.safetensors.index.json');
  if (!existsSync(index)) return ['model.safetensors'];
  const { weight_map } = z
    .object({ weight_map: z.record(z.string(), z.string().regex(/^[\w.-]+\.safetensors$/)) })
    .parse(JSON.parse(readFileSync(index, 'utf8')));
  return [...new Set(Object.values(weight_map))].sort();
}
