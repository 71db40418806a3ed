import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BaseModel } from '../open.ts';
import { openBaseModel } from '../testing/base-model.ts';
import { goldenGreedy, goldenTokens } from '../testing/golden.ts';

let model: BaseModel;
beforeAll(async () => {
  model = await openBaseModel();
});
afterAll(() => model.weights.close());

describe('the tokenizer of the base model', () => {
  it('encodes and decodes hard strings as the Rust tokenizers do', () => {
    for (const { text, ids, decoded } of goldenTokens().cases) {
      expect({ text, ids: model.tokenizer.encode(text) }).toEqual({ text, ids });
      expect(model.tokenizer.decode(ids)).toBe(decoded);
    }
  });

  it('gives back every byte of what has no control token', () => {
    for (const { text } of goldenTokens().cases)
      expect(model.tokenizer.decode(model.tokenizer.encode(text, { special: false }))).toBe(text);
  });

  it('renders chat prompts as Jinja does', () => {
    for (const row of goldenGreedy().rows)
      if (row.messages) expect(model.chatTemplate?.prompt(row.messages)).toEqual(row.prompt_tokens);
  });

  it('encodes a megabyte in less than five seconds of processor time', () => {
    const text = goldenTokens()
      .cases.map((c) => c.text)
      .join(' ');
    const begin = process.cpuUsage();
    for (let done = 0; done < 1_000_000; done += Buffer.byteLength(text)) model.tokenizer.encode(text);
    const { user, system } = process.cpuUsage(begin);
    expect(user + system).toBeLessThan(5_000_000);
  });
});
