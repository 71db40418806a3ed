import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

/** All that makes a byte-level BPE tokenizer, whatever file it was in. */
export type Vocabulary = {
  /** A `tokenizer.json` in `tokenizers`' form. */
  json: TokenizerJson;
  /** Jinja source, or null when the model has none. */
  chatTemplate: string | null;
  bosId: number | null;
  /** Ends a turn; generation stops at it. */
  eosId: number;
  padId: number;
};

/** The parts of a `tokenizer.json` that are looked at here; the rest is passed on. */
export type TokenizerJson = {
  pre_tokenizer: unknown;
  added_tokens: { id: number; content: string; special: boolean }[];
  model: { vocab: Record<string, number>; merges: (string | [string, string])[] };
};

const ggufSchema = z.object({
  'tokenizer.ggml.model': z.literal('gpt2', { error: 'only byte-level BPE tokenizers ("gpt2") can be read' }),
  'tokenizer.ggml.pre': z.enum(['smollm'], { error: 'only the pre-tokenizer "smollm" is known' }),
  'tokenizer.ggml.tokens': z.array(z.string()),
  'tokenizer.ggml.token_type': z.array(z.number()),
  'tokenizer.ggml.merges': z.array(z.string()),
  'tokenizer.ggml.bos_token_id': z.number().optional(),
  'tokenizer.ggml.eos_token_id': z.number(),
  'tokenizer.ggml.padding_token_id': z.number().optional(),
  'tokenizer.chat_template': z.string().optional(),
});

const controlToken = 3; // llama.cpp's LLAMA_TOKEN_TYPE_CONTROL
const userDefinedToken = 4;

/** The tokenizer inside a GGUF file, put into `tokenizer.json`'s form. */
export function vocabularyOfGguf(metadata: Readonly<Record<string, unknown>>): Vocabulary {
  const parsed = ggufSchema.safeParse(metadata);
  if (!parsed.success) throw new Error(`the GGUF file's tokenizer can't be used: ${z.prettifyError(parsed.error)}`);
  const data = parsed.data;
  const tokens = data['tokenizer.ggml.tokens'];
  const types = data['tokenizer.ggml.token_type'];
  const vocab: Record<string, number> = {};
  const added: TokenizerJson['added_tokens'] = [];
  tokens.forEach((content, id) => {
    vocab[content] = id;
    if (types[id] === controlToken || types[id] === userDefinedToken)
      added.push({ id, content, special: types[id] === controlToken });
  });
  const eosId = data['tokenizer.ggml.eos_token_id'];
  return {
    json: tokenizerJson(vocab, data['tokenizer.ggml.merges'], added),
    chatTemplate: data['tokenizer.chat_template'] ?? null,
    bosId: data['tokenizer.ggml.bos_token_id'] ?? null,
    eosId,
    padId: data['tokenizer.ggml.padding_token_id'] ?? eosId,
  };
}

/** Every numeric character on its own: Rust's `char::is_numeric` is \p{N}, not the ASCII digits of JavaScript's \d. */
const singleDigits = { type: 'Split', pattern: { Regex: '\\p{N}' }, behavior: 'Isolated', invert: false };

/** Replaces `Digits`, which the JavaScript tokenizers read as ASCII only. */
function exactDigits(preTokenizer: unknown): unknown {
  if (typeof preTokenizer !== 'object' || preTokenizer === null) return preTokenizer;
  if ('pretokenizers' in preTokenizer && Array.isArray(preTokenizer.pretokenizers))
    return { ...preTokenizer, pretokenizers: preTokenizer.pretokenizers.map(exactDigits) };
  const isDigits = 'type' in preTokenizer && preTokenizer.type === 'Digits';
  if (!isDigits) return preTokenizer;
  if (!('individual_digits' in preTokenizer) || preTokenizer.individual_digits !== true)
    throw new Error('only tokenizers that take digits one by one can be used');
  return singleDigits;
}

/** `smollm`: digits one by one, then GPT-2's byte-level pattern. */
export function tokenizerJson(
  vocab: Record<string, number>,
  merges: (string | [string, string])[],
  added: TokenizerJson['added_tokens'],
): TokenizerJson {
  const json = {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: added.map((token) => ({
      ...token,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
    })),
    normalizer: null,
    pre_tokenizer: {
      type: 'Sequence',
      pretokenizers: [
        singleDigits,
        { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true },
      ],
    },
    post_processor: null,
    decoder: { type: 'ByteLevel', add_prefix_space: true, trim_offsets: true, use_regex: true },
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      byte_fallback: false,
      vocab,
      merges,
    },
  };
  return json;
}

const jsonSchema = z.looseObject({
  added_tokens: z.array(z.looseObject({ id: z.int(), content: z.string(), special: z.boolean() })),
  pre_tokenizer: z.unknown(),
  decoder: z.looseObject({ type: z.literal('ByteLevel', { error: 'only byte-level tokenizers can be used' }) }),
  model: z.looseObject({
    type: z.literal('BPE'),
    vocab: z.record(z.string(), z.int()),
    merges: z.array(z.union([z.string(), z.tuple([z.string(), z.string()])])),
  }),
});

const tokenName = z.union([z.string(), z.looseObject({ content: z.string() })]).nullish();
const configSchema = z.looseObject({
  bos_token: tokenName,
  eos_token: tokenName,
  pad_token: tokenName,
  chat_template: z.string().nullish(),
});

/** The tokenizer of a folder as the hub holds it: tokenizer.json, tokenizer_config.json, chat_template.jinja. */
export function vocabularyOfFolder(dir: string): Vocabulary {
  const json = jsonSchema.parse(JSON.parse(readFileSync(join(dir, 'tokenizer.json'), 'utf8')));
  const config = configSchema.parse(JSON.parse(readFileSync(join(dir, 'tokenizer_config.json'), 'utf8')));
  const idOf = (token: z.infer<typeof tokenName>): number | null => {
    if (token == null) return null;
    const content = typeof token === 'string' ? token : token.content;
    return json.added_tokens.find((added) => added.content === content)?.id ?? json.model.vocab[content] ?? null;
  };
  const eosId = idOf(config.eos_token);
  if (eosId === null) throw new Error(`${dir}/tokenizer_config.json names no eos_token`);
  let chatTemplate = config.chat_template ?? null;
  if (chatTemplate === null) {
    try {
      chatTemplate = readFileSync(join(dir, 'chat_template.jinja'), 'utf8');
    } catch {
      // a base model without a chat format
    }
  }
  return {
    json: { ...json, pre_tokenizer: exactDigits(json.pre_tokenizer) },
    chatTemplate,
    bosId: idOf(config.bos_token),
    eosId,
    padId: idOf(config.pad_token) ?? eosId,
  };
}
