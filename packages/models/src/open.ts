import { readdirSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { cachedModelDigest } from './digest.ts';
import type { ModelSpec } from './spec.ts';
import { ChatTemplate } from './tokenizer/chat-template.ts';
import { Tokenizer } from './tokenizer/tokenizer.ts';
import { type Vocabulary, vocabularyOfFolder, vocabularyOfGguf } from './tokenizer/vocabulary.ts';
import { openGguf } from './weights/gguf.ts';
import { openHuggingFace, shardFiles } from './weights/hugging-face.ts';
import type { ModelWeights } from './weights/weights.ts';

/** A base model, opened. `weights.close()` lets its files go. */
export type BaseModel = {
  spec: ModelSpec;
  /** The model's identity; an adapter of another digest is refused. */
  digest: string;
  weights: ModelWeights;
  tokenizer: Tokenizer;
  /** null for a model that has no chat format. */
  chatTemplate: ChatTemplate | null;
  /** The folder it was opened from. */
  dir: string;
  /** The files the weights are in, by name. */
  files: readonly string[];
};

/**
 * Opens a model's folder (a .gguf file; or config.json, safetensors and tokenizer.json) or a .gguf file.
 * The first opening reads all weights once for the digest.
 *
 * @throws Error naming the file and what is wrong with it.
 */
export async function openModel(path: string): Promise<BaseModel> {
  const isFile = statSync(path).isFile();
  const dir = isFile ? dirname(path) : path;
  const ggufFiles = isFile ? [basename(path)] : readdirSync(dir).filter((name) => name.endsWith('.gguf'));
  if (ggufFiles.length > 1)
    throw new Error(`${dir} holds ${ggufFiles.length} .gguf files; give the path of one: ${ggufFiles.join(', ')}`);
  const [file] = ggufFiles;
  if (file !== undefined) {
    const { spec, weights, metadata } = await openGguf(join(dir, file));
    return finish(dir, [file], spec, weights, () => vocabularyOfGguf(metadata));
  }
  const { spec, weights } = openHuggingFace(dir);
  return finish(dir, ['config.json', ...shardFiles(dir)], spec, weights, () => vocabularyOfFolder(dir));
}

function finish(
  dir: string,
  files: readonly string[],
  spec: ModelSpec,
  weights: ModelWeights,
  readVocabulary: () => Vocabulary,
): BaseModel {
  try {
    const vocabulary = readVocabulary();
    const tokenizer = new Tokenizer(vocabulary);
    const digest = cachedModelDigest(dir, files, spec, weights);
    const chatTemplate = vocabulary.chatTemplate === null ? null : new ChatTemplate(vocabulary.chatTemplate, tokenizer);
    return { spec, digest, weights, tokenizer, chatTemplate, dir, files };
  } catch (error) {
    weights.close();
    throw error;
  }
}
