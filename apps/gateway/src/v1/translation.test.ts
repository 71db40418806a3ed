import { chatCompletionChunkSchema, chatCompletionSchema } from '@parapet/contracts/openai-chat';
import { completionSchema } from '@parapet/contracts/openai-completions';
import type { GenerateEvent, GenerateUsage, TokenLogprob } from '@parapet/contracts/serve-worker';
import { describe, expect, test } from 'vitest';
import { ChatTranslation } from './chat-translation.ts';
import { CompletionTranslation } from './completion-translation.ts';

const usage: GenerateUsage = {
  promptTokens: 3,
  cachedTokens: 1,
  completionTokens: 2,
  prefillDeviceMicros: 10,
  decodeDeviceMicros: 20,
  queueMicros: 5,
};
const outcome = { usage, vectorsDigest: null };
const token = (text: string): TokenLogprob => ({
  id: 1,
  text,
  bytes: [...Buffer.from(text)],
  logprob: -0.5,
  top: [{ id: 1, text, bytes: [...Buffer.from(text)], logprob: -0.5 }],
});
const events: GenerateEvent[] = [
  {
    type: 'started',
    promptTokens: 3,
    cachedTokens: 1,
    queueMicros: 5,
    promptLogprobs: [token('a'), token('b'), token('c')],
  },
  { type: 'text', index: 0, text: 'Hel', tokens: 1, logprobs: [token('Hel')] },
  { type: 'text', index: 0, text: 'lo', tokens: 1, logprobs: [token('lo')] },
  { type: 'finish', index: 0, reason: 'stop' },
  { type: 'done', usage, vectorsDigest: null },
];
const frame = { id: 'x-1', created: 1, model: 'm', n: 1 };

describe('ChatTranslation', () => {
  const options = { wantsLogprobs: true, includeUsage: true, wantsVectors: false };

  test('chunks: role first, text, reason last, usage in a chunk of its own', () => {
    const translation = new ChatTranslation(frame, options);
    const chunks = events.flatMap((event) => translation.chunks(0, event));
    for (const chunk of chunks) expect(chatCompletionChunkSchema.parse(chunk).usage).toBeNull();
    expect(chunks.map((chunk) => chunk.choices[0]?.delta)).toEqual([
      { role: 'assistant', content: '' },
      { content: 'Hel' },
      { content: 'lo' },
      {},
    ]);
    expect(chunks.map((chunk) => chunk.choices[0]?.finish_reason)).toEqual([null, null, null, 'stop']);
    expect(chatCompletionChunkSchema.parse(translation.usageChunk([outcome]))).toMatchObject({
      choices: [],
      usage: {
        prompt_tokens: 3,
        completion_tokens: 2,
        total_tokens: 5,
        prompt_tokens_details: { cached_tokens: 1 },
        completion_tokens_details: { reasoning_tokens: 0 },
      },
    });
  });

  test('in one piece', () => {
    const translation = new ChatTranslation(frame, options);
    for (const event of events) translation.collect(0, event);
    const body = chatCompletionSchema.parse(translation.body([outcome]));
    expect(body.choices[0]).toMatchObject({
      message: { role: 'assistant', content: 'Hello', refusal: null },
      finish_reason: 'stop',
    });
    expect(body.choices[0]?.logprobs?.content.map((one) => one.token)).toEqual(['Hel', 'lo']);
  });
});

describe('CompletionTranslation', () => {
  const options = { echo: false, wantsLogprobs: true, includeUsage: false, wantsVectors: false };

  test('numbers the choices of several prompts with several completions each', () => {
    const prompts = [
      { kind: 'text' as const, text: 'one' },
      { kind: 'text' as const, text: 'two' },
    ];
    const translation = new CompletionTranslation({ ...frame, n: 2 }, prompts, options);
    translation.collect(1, { type: 'text', index: 1, text: 'last', tokens: 1, logprobs: null });
    translation.collect(0, { type: 'text', index: 0, text: 'first', tokens: 1, logprobs: null });
    const body = completionSchema.parse(translation.body([outcome, outcome]));
    expect(body.choices.map((choice) => choice.text)).toEqual(['first', '', '', 'last']);
    expect(body.usage?.total_tokens).toBe(10);
  });

  test('echo of token ids begins with their text, and offsets run over the whole', () => {
    const prompts = [{ kind: 'tokens' as const, tokens: [1, 2] }];
    const translation = new CompletionTranslation(frame, prompts, { ...options, echo: true });
    for (const event of events) translation.collect(0, event);
    const choice = completionSchema.parse(translation.body([outcome])).choices[0]!;
    expect(choice.text).toBe('abcHello');
    expect(choice.logprobs).toMatchObject({
      tokens: ['a', 'b', 'c', 'Hel', 'lo'],
      text_offset: [0, 1, 2, 3, 6],
      token_logprobs: [null, -0.5, -0.5, -0.5, -0.5],
    });
  });

  test('the first prompt token has no probability, whether the engine reports it or not', () => {
    const translation = new CompletionTranslation(frame, [{ kind: 'text', text: 'The sky' }], {
      ...options,
      echo: true,
    });
    const started = { ...events[0]!, promptTokens: 2, promptLogprobs: [token(' sky')] } as GenerateEvent;
    const choice = translation.chunks(0, started)[0]!.choices[0]!;
    expect(choice.text).toBe('The sky');
    expect(choice.logprobs).toEqual({
      tokens: ['The', ' sky'],
      token_logprobs: [null, -0.5],
      top_logprobs: [null, { ' sky': -0.5 }],
      text_offset: [0, 3],
    });
  });

  test('a stream that does not ask for usage has no usage field', () => {
    const translation = new CompletionTranslation(frame, [{ kind: 'text', text: 'a' }], options);
    const chunks = events.flatMap((event) => translation.chunks(0, event));
    expect(chunks.map((chunk) => chunk.choices[0]?.text)).toEqual(['Hel', 'lo', '']);
    for (const chunk of chunks) expect('usage' in chunk).toBe(false);
  });
});
