import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AdapterConfig } from '@parapet/contracts/adapter';
import { transformersName } from '@parapet/models/hugging-face';
import type { BaseModel } from '@parapet/models/open';
import { encodeSafetensors, type SafetensorsTensor } from '@parapet/models/safetensors';
import { initAdapter } from '@parapet/para/init';
import { layerTensors } from '@parapet/para/tensors';

/** Writes a model as a folder that `transformers` opens. */
export function writeTransformers({ spec, weights }: BaseModel, folder: string): void {
  mkdirSync(folder, { recursive: true });
  const config = {
    ...{ architectures: ['LlamaForCausalLM'], model_type: 'llama', hidden_act: 'silu', torch_dtype: 'float32' },
    ...{ num_hidden_layers: spec.layers, hidden_size: spec.width, num_attention_heads: spec.heads },
    ...{ num_key_value_heads: spec.kvHeads, head_dim: spec.headDim, intermediate_size: spec.ffn },
    ...{ vocab_size: spec.vocab, rope_theta: spec.ropeTheta, rms_norm_eps: spec.eps },
    ...{ max_position_embeddings: spec.context, tie_word_embeddings: spec.tiedHead, attention_bias: false },
  };
  writeFileSync(join(folder, 'config.json'), JSON.stringify(config));
  const tensors = new Map<string, SafetensorsTensor>();
  for (const name of weights.names) {
    const weight = weights.get(name);
    const numbers = weight.readFloat32();
    const data = new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength);
    tensors.set(transformersName(name), { dtype: 'F32', shape: weight.shape, data });
  }
  writeFileSync(join(folder, 'model.safetensors'), encodeSafetensors(tensors));
}

/** Writes an adapter's first numbers under our names, so that both sides train from the same. */
export function writeFirstNumbers({ spec }: BaseModel, config: AdapterConfig, seed: number, path: string): void {
  const shapes = layerTensors(config, spec);
  const tensors = new Map<string, SafetensorsTensor>();
  for (const [name, numbers] of initAdapter(config, spec, seed)) {
    const { shape } = shapes.get(name.replace(/^layers\.\d+\./, ''))!;
    const data = new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength);
    tensors.set(name, { dtype: 'F32', shape, data });
  }
  writeFileSync(path, encodeSafetensors(tensors));
}
