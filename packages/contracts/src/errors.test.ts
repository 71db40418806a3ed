import { expect, it } from 'vitest';
import { fromZodError } from './errors.ts';
import { chatCompletionRequestSchema } from './openai-chat.ts';
import { completionRequestSchema } from './openai-completions.ts';

const chat = { model: 'm', messages: [{ role: 'user', content: 'x' }] };
const refusal = (schema: typeof chatCompletionRequestSchema | typeof completionRequestSchema, body: object) => {
  const result = schema.safeParse(body);
  if (result.success) throw new Error('it was taken');
  const { details, message } = fromZodError(result.error);
  return [details.param, message];
};

it('says of a value with several forms what was wrong with the one that was meant', () => {
  const ask = (change: object) => refusal(chatCompletionRequestSchema, { ...chat, ...change });
  expect(ask({ stop: ['a', 'b', 'c', 'd', 'e'] })).toEqual([
    'stop',
    "Invalid value for 'stop': Too big: expected array to have <=4 items.",
  ]);
  expect(ask({ stop: ['a', 7] })[0]).toBe('stop.1');
  const image = { role: 'user', content: [{ type: 'image_url', image_url: {} }] };
  expect(ask({ messages: [image] })).toEqual([
    'messages.0.content.0.type',
    `Invalid value for 'messages.0.content.0.type': Invalid input: expected "text".`,
  ]);
});

it('says what the forms are where it is none of them', () => {
  const prompt = (value: unknown) => refusal(completionRequestSchema, { model: 'm', prompt: value });
  expect(prompt({})).toEqual(['prompt', "Invalid value for 'prompt': expected string or array."]);
  expect(prompt([[1], [1.5]])[0]).toBe('prompt.1.0');
  expect(prompt([])[1]).toContain('>=1 items');
});
