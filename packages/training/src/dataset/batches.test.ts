import { tinyModel } from '@parapet/models/testing';
import { describe, expect, it } from 'vitest';
import { BatchPlan, microBatches, planEpoch } from './batches.ts';
import { encodeRow, type TrainingSequence } from './encode-rows.ts';

const sequence = (length: number, promptTokens = length - 2, row = 0): TrainingSequence => ({
  tokens: Int32Array.from({ length }, (_, i) => i + 1),
  promptTokens,
  row,
});

describe('planEpoch', () => {
  const lengths = Array.from({ length: 103 }, (_, i) => 5 + ((i * 37) % 90));

  it('takes every sequence once, the same for the same seed and epoch', () => {
    const plan = planEpoch(lengths, 8, 1, 0);
    expect(plan.flat().sort((a, b) => a - b)).toEqual(lengths.map((_, i) => i));
    expect(plan.map((batch) => batch.length).filter((n) => n !== 8)).toEqual([7]);
    expect(planEpoch(lengths, 8, 1, 0)).toEqual(plan);
    expect(planEpoch(lengths, 8, 1, 1)).not.toEqual(plan);
    expect(planEpoch(lengths, 8, 2, 0)).not.toEqual(plan);
  });

  it('pads little', () => {
    const padded = (plan: number[][]) =>
      plan.reduce((sum, batch) => sum + batch.length * Math.max(...batch.map((i) => lengths[i]!)), 0);
    const tokens = lengths.reduce((a, b) => a + b);
    expect(padded(planEpoch(lengths, 8, 1, 0)) / tokens).toBeLessThan(1.12);
  });

  it('is what a BatchPlan gives step by step, over epochs', () => {
    const plan = new BatchPlan(lengths, 8, 1);
    expect(plan.stepsPerEpoch).toBe(13);
    expect(plan.batch(14)).toEqual(planEpoch(lengths, 8, 1, 1)[1]);
    expect(plan.batch(2)).toEqual(planEpoch(lengths, 8, 1, 0)[2]);
  });
});

describe('microBatches', () => {
  it('predicts each target from the position before it', () => {
    const [batch] = microBatches([sequence(5, 2), sequence(3, 1)], { maxTokens: 100, maxTargets: 100 });
    expect([batch!.rows, batch!.columns]).toEqual([2, 8]);
    expect([...batch!.targetRows].map(Number)).toEqual([1, 2, 3, 8, 9]);
    expect([...batch!.labels].map(Number)).toEqual([3, 4, 5, 2, 3]);
    expect(batch!.tokenCount).toBe(8);
  });

  it('keeps to its limits, in parts of like size', () => {
    const rows = Array.from({ length: 9 }, (_, i) => sequence(100 + i));
    const limits = { maxTokens: 900, maxTargets: 1000 };
    expect(microBatches(rows, limits).map((batch) => batch.rows)).toEqual([4, 5]);
    expect(microBatches(rows, { ...limits, maxTargets: 7 }).every((batch) => batch.labels.length <= 7)).toBe(true);
    expect(microBatches([sequence(5000)], limits)).toHaveLength(1);
  });
});

describe('encodeRow', () => {
  const model = tinyModel();

  it('makes a sequence of each assistant turn that counts', () => {
    const turns = [
      { role: 'user' as const, content: 'a' },
      { role: 'assistant' as const, content: 'first', weight: 0 as const },
      { role: 'user' as const, content: 'b' },
      { role: 'assistant' as const, content: 'second' },
      { role: 'user' as const, content: 'c' },
      { role: 'assistant' as const, content: 'third' },
    ];
    const sequences = encodeRow({ messages: turns }, 4, model, 1000);
    const answers = sequences.map(({ tokens, promptTokens }) => model.tokenizer.decode(tokens.slice(promptTokens)));
    expect(answers).toEqual(['second', 'third']);
    expect(sequences.map(({ tokens }) => tokens.at(-1))).toEqual([model.tokenizer.eosId, model.tokenizer.eosId]);
    const served = model.chatTemplate!.prompt(turns.slice(0, 5));
    expect([...sequences[1]!.tokens.slice(0, sequences[1]!.promptTokens)]).toEqual(served);
  });

  it('continues plain text where the model has no chat format, and refuses a chat there', () => {
    const plain = { tokenizer: model.tokenizer, chatTemplate: null };
    const [one] = encodeRow({ prompt: 'hello', completion: 'spam' }, 0, plain, 100);
    expect(model.tokenizer.decode(one!.tokens)).toBe('hellospam');
    const chat = { messages: [{ role: 'user' as const, content: 'x' }] };
    expect(() => encodeRow(chat, 0, plain, 100)).toThrow('no chat format');
  });

  it('refuses rows that are too long or have nothing to learn, by their number', () => {
    expect(() => encodeRow({ prompt: 'x'.repeat(99), completion: 'y' }, 4, model, 50)).toThrow(
      'Row 5 of the training data has',
    );
    expect(() => encodeRow({ messages: [{ role: 'user', content: 'x' }] }, 1, model, 50)).toThrow('no assistant turn');
  });
});
