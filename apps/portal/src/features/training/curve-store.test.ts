import { stepMetricsSchema } from '@parapet/contracts/recipe';
import { describe, expect, it, vi } from 'vitest';
import { CurveStore } from './curve-store.ts';

const point = (step: number, trainLoss: number, validLoss: number | null = null) =>
  stepMetricsSchema.parse({
    step,
    totalSteps: 100,
    epoch: 1,
    trainLoss,
    trainTokenAccuracy: 0.5,
    learningRate: 0.01,
    gradNorm: 1,
    tokensPerSecond: 100,
    trainedTokens: step * 10,
    etaSeconds: 1,
    memoryBytes: 1,
    validLoss,
  });

describe('CurveStore', () => {
  it('keeps each step once and in order, whatever comes twice or late', () => {
    const store = new CurveStore();
    store.add([point(1, 3), point(3, 2)]);
    store.add([point(2, 2.5), point(3, 1.5)]);
    expect(store.columns()[0]).toEqual([1, 2, 3]);
    expect(store.columns()[1]).toEqual([3, 2.5, 1.5]);
  });

  it('is bounded and keeps every validation and the last step', () => {
    const store = new CurveStore(100);
    for (let step = 1; step <= 5000; step++) store.add([point(step, 1, step % 500 === 0 ? 0.5 : null)]);
    const [steps, , , valid] = store.columns();
    expect(steps.length).toBeLessThanOrEqual(101);
    expect(steps.at(-1)).toBe(5000);
    expect(valid.filter((loss) => loss !== null)).toHaveLength(10);
  });

  it('grows to the same columns as it would be made of at once', () => {
    const all = Array.from({ length: 600 }, (_, at) => point(at + 1, 1 + Math.sin(at), at % 50 === 0 ? 0.5 : null));
    const whole = new CurveStore(500);
    const growing = new CurveStore(500);
    for (const [at, one] of all.entries()) {
      growing.add([one]);
      const { length } = growing.columns()[0];
      if (at % 40 === 0) growing.add([all[at - 3] ?? one, one]); // late and twice
      expect(growing.columns()[0].length).toBe(length);
    }
    for (const one of all) whole.add([one]); // columns never asked for on the way
    expect(growing.columns()).toEqual(whole.columns());
  });

  it('knows the best validation from the last', () => {
    const store = new CurveStore();
    store.add([point(1, 1, 0.9), point(2, 1, 0.4), point(3, 1, 0.6)]);
    expect(store.validation()?.best.step).toBe(2);
    expect(store.validation()?.last.step).toBe(3);
  });

  it('smooths without holding on to the first point', () => {
    const store = new CurveStore();
    store.add([point(1, 8), point(2, 4)]);
    const smooth = store.columns()[2];
    expect(smooth[0]).toBeCloseTo(8);
    const keep = 2 / 22;
    expect(smooth[1]).toBeCloseTo((keep * 8 + 4) / (1 + keep));
  });

  it('tells who listens', () => {
    const store = new CurveStore();
    let told = 0;
    const stop = store.subscribe(() => {
      told += 1;
    });
    store.add([point(1, 1)]);
    stop();
    store.add([point(2, 1)]);
    expect(told).toBe(1);
  });

  it('tells at most so often, the last time after the last point, and not once nobody listens', () => {
    vi.useFakeTimers();
    const store = new CurveStore();
    const lengths: number[] = [];
    const stop = store.subscribe(() => lengths.push(store.length), 250);
    for (let step = 1; step <= 30; step++) {
      store.add([point(step, 1)]);
      vi.advanceTimersByTime(16);
    }
    vi.advanceTimersByTime(1000);
    store.add([point(31, 1)]);
    stop();
    vi.advanceTimersByTime(1000);
    vi.useRealTimers();
    expect(lengths).toEqual([16, 30]);
  });

  it('smooths a long curve and stays near a short one', () => {
    const smoothedEnd = (length: number) => {
      const store = new CurveStore();
      store.add(Array.from({ length }, (_, at) => point(at + 1, at === length - 1 ? 0 : 1)));
      return store.columns()[2].at(-1) ?? Number.NaN;
    };
    expect(smoothedEnd(20)).toBeCloseTo(0.5, 2);
    expect(smoothedEnd(1000)).toBeCloseTo(0.9, 2);
  });
});
