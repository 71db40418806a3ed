import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { modelDigest } from '../digest.ts';
import type { BaseModel } from '../open.ts';
import { Random } from '../random.ts';
import { type ModelSpec, type WeightName, weightShapes } from '../spec.ts';
import { byteOfCharacter } from '../tokenizer/byte-level.ts';
import { ChatTemplate } from '../tokenizer/chat-template.ts';
import { Tokenizer } from '../tokenizer/tokenizer.ts';
import { tokenizerJson, type Vocabulary } from '../tokenizer/vocabulary.ts';
import { transformersName } from '../weights/hugging-face.ts';
import { encodeSafetensors, type SafetensorsTensor } from '../weights/safetensors.ts';
import { ModelWeights, Weight } from '../weights/weights.ts';

/** Small enough for a unit test, with every part of a real one: grouped queries, rotary positions, a chat format. */
export const tinySpec: ModelSpec = {
  architecture: 'llama',
  layers: 2,
  width: 32,
  heads: 4,
  kvHeads: 2,
  headDim: 8,
  ffn: 64,
  vocab: 267,
  ropeTheta: 10_000,
  eps: 1e-5,
  context: 256,
  tiedHead: true,
  activation: 'silu',
};

/**
 * A deterministic random model that lives in memory: same seed and spec, same digest. Its numbers mean nothing,
 * but its logits are as spread as a trained model's. Tokens: 3 control tokens, 256 bytes, 8 merges.
 */
export function tinyModel(seed = 0, overrides: Partial<ModelSpec> = {}): BaseModel {
  const spec: ModelSpec = { ...tinySpec, ...overrides };
  const random = new Random(seed);
  const weights = new Map<WeightName, Weight>();
  for (const [name, shape] of weightShapes(spec)) {
    const size = shape.reduce((product, length) => product * length, 1);
    const data = random.normals(size, shape.length === 1 ? 0.1 : 1 / Math.sqrt(shape[1]!));
    if (shape.length === 1) for (let i = 0; i < size; i++) data[i] = 1 + data[i]!;
    const raw = new Uint8Array(data.buffer);
    weights.set(name, new Weight(name, 'float32', shape, () => raw.slice()));
  }
  const all = new ModelWeights(weights, () => {});
  const vocabulary = tinyVocabulary();
  const tokenizer = new Tokenizer(vocabulary);
  return {
    spec,
    digest: modelDigest(spec, all),
    weights: all,
    tokenizer,
    chatTemplate: new ChatTemplate(vocabulary.chatTemplate ?? '', tokenizer),
    dir: '',
    files: [],
  };
}

/**
 * Writes `tinyModel(seed)` as the hub would hold it, for a process that opens a folder with `openModel`.
 *
 * @returns the digest that `openModel` will report
 */
export function writeTinyModel(dir: string, seed = 0, overrides: Partial<ModelSpec> = {}): string {
  const { spec, weights, digest } = tinyModel(seed, overrides);
  mkdirSync(dir, { recursive: true });
  const config = {
    model_type: 'llama',
    num_hidden_layers: spec.layers,
    hidden_size: spec.width,
    num_attention_heads: spec.heads,
    num_key_value_heads: spec.kvHeads,
    head_dim: spec.headDim,
    intermediate_size: spec.ffn,
    vocab_size: spec.vocab,
    rope_theta: spec.ropeTheta,
    rms_norm_eps: spec.eps,
    max_position_embeddings: spec.context,
    tie_word_embeddings: spec.tiedHead,
    hidden_act: 'silu',
  };
  writeFileSync(join(dir, 'config.json'), JSON.stringify(config));
  const tensors = new Map<string, SafetensorsTensor>();
  for (const name of weights.names) {
    const weight = weights.get(name);
    tensors.set(transformersName(name), { dtype: 'F32', shape: weight.shape, data: weight.readRaw() });
  }
  writeFileSync(join(dir, 'model.safetensors'), encodeSafetensors(tensors));
  const { json, chatTemplate } = tinyVocabulary();
  writeFileSync(join(dir, 'tokenizer.json'), JSON.stringify(json));
  const names = { bos_token: '<|im_start|>', eos_token: '<|im_end|>', pad_token: '<|im_end|>' };
  writeFileSync(join(dir, 'tokenizer_config.json'), JSON.stringify({ ...names, chat_template: chatTemplate }));
  return digest;
}

function tinyVocabulary(): Vocabulary {
  const controls = ['<|endoftext|>', '<|im_start|>', '<|im_end|>'];
  const bytes = [...byteOfCharacter].sort((a, b) => a[1] - b[1]).map(([character]) => character);
  const merges: [string, string][] = [
    ['h', 'e'],
    ['l', 'l'],
    ['he', 'll'],
    ['hell', 'o'],
    ['Ġ', 't'],
    ['Ġt', 'he'],
    ['s', 'p'],
    ['a', 'm'],
  ];
  const names = [...controls, ...bytes, ...merges.map(([a, b]) => a + b)];
  const vocab = Object.fromEntries(names.map((name, id) => [name, id]));
  const added = controls.map((content, id) => ({ id, content, special: true }));
  return {
    json: tokenizerJson(vocab, merges, added),
    chatTemplate:
      "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>\n' }}" +
      "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}",
    bosId: 1,
    eosId: 2,
    padId: 2,
  };
}
