import { type Sampling, samplingSchema } from '@parapet/contracts/serve-worker';
import { expect, test } from 'vitest';
import { uniformAt } from './random.ts';
import { PoisonedRowError, Sampler } from './sampler.ts';

const vocab = 6;
const logits = () => Float32Array.of(1, 3, 2.5, 0, -1, 2);
const sampler = (parts: Partial<Sampling>, seed = 1, top: number | null = null) =>
  new Sampler(samplingSchema.parse(parts), seed, top, vocab);

function frequencies(parts: Partial<Sampling>, draws = 20_000): number[] {
  const counts = new Array<number>(vocab).fill(0);
  for (let i = 0; i < draws; i++) counts[sampler(parts, 7).sample(logits(), i).id]!++;
  return counts.map((count) => count / draws);
}

function softmax(values: Float32Array, temperature: number): number[] {
  const weights = [...values].map((value) => Math.exp(value / temperature));
  const sum = weights.reduce((a, b) => a + b);
  return weights.map((weight) => weight / sum);
}

test('temperature draws with the softmax probabilities', () => {
  const expected = softmax(logits(), 0.7);
  frequencies({ temperature: 0.7 }).forEach((share, id) => {
    expect(Math.abs(share - expected[id]!)).toBeLessThan(0.012);
  });
});

test('top-k, top-p and min-p leave the likeliest tokens, in proportion', () => {
  expect(frequencies({ topK: 2 }).map((share) => share > 0)).toEqual([false, true, true, false, false, false]);
  const p = softmax(logits(), 1);
  const inTopP = frequencies({ topP: p[1]! + p[2]! / 2 });
  expect(inTopP.map((share) => share > 0)).toEqual([false, true, true, false, false, false]);
  expect(inTopP[1]!).toBeCloseTo(p[1]! / (p[1]! + p[2]!), 1);
  expect(frequencies({ minP: 0.3 }).map((share) => share > 0)).toEqual([false, true, true, false, false, true]);
  expect(frequencies({ topP: 1e-9 })[1]).toBe(1);
});

test('penalties and bias move the choice', () => {
  expect(sampler({ temperature: 0, logitBias: { 4: 50, 99: 100 } }).sample(logits(), 0).id).toBe(4);
  const one = sampler({ temperature: 0, presencePenalty: 0.4, frequencyPenalty: 0.35 });
  expect([0, 1, 2, 3].map((i) => one.sample(logits(), i).id)).toEqual([1, 2, 1, 5]);
});

test('log-probabilities are the model’s own, whatever the sampling', () => {
  const { logprob, top } = sampler({ temperature: 0, logitBias: { 4: 50 } }, 1, 2).sample(logits(), 0);
  const p = softmax(logits(), 1);
  expect(logprob!.logprob).toBeCloseTo(Math.log(p[4]!), 5);
  expect(top.map(({ id }) => id)).toEqual([1, 2]);
});

test('a seed gives the same draw at the same position, others differ', () => {
  const draws = (seed: number) => Array.from({ length: 40 }, (_, i) => sampler({}, seed).sample(logits(), i).id);
  expect(draws(5)).toEqual(draws(5));
  expect(draws(5)).not.toEqual(draws(6));
  const numbers = Array.from({ length: 10_000 }, (_, i) => uniformAt(42, i));
  expect(numbers.reduce((a, b) => a + b) / numbers.length).toBeCloseTo(0.5, 1);
});

test('logits that are no numbers fail the row', () => {
  expect(() => sampler({ temperature: 0 }).sample(new Float32Array(vocab).fill(Number.NaN), 0)).toThrow(
    PoisonedRowError,
  );
  expect(() => sampler({}).sample(new Float32Array(vocab).fill(Number.NaN), 0)).toThrow(PoisonedRowError);
});
