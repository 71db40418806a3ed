import { Random } from '@parapet/models/random';
import { tinyModel } from '@parapet/models/testing';
import { expect, test } from 'vitest';
import { AdapterShelf, type Answer, answer, request, startEngine } from './testing/engine-kit.ts';

const model = tinyModel(21, { headDim: 16, layers: 3, vocab: 267 });
const shelf = new AdapterShelf(model);
const para = { method: 'para', targets: 'qvu', bias: false, rank: 4, pooler: 'mean', activation: 'gelu' } as const;

/** Adapters of every kind that rows may have, and none. */
const adapters = [
  null,
  shelf.add(para, 1, 3),
  shelf.add({ ...para, rank: 7, pooler: 'max', activation: 'silu' }, 2, 2),
  shelf.add({ ...para, pooler: 'attention', bias: true }, 3, 2),
  shelf.add({ ...para, targets: 'wide', pooler: 'last' }, 4, 1),
  shelf.add({ method: 'ia3' }, 5, 0.7),
];
const poisoned = shelf.add(para, 6, 1e38);

test('500 random trials: whatever the batch, its order and its preemptions, a row answers as it does alone', async () => {
  const random = new Random(77);
  const alone = await startEngine(model, shelf, { maxRows: 2 });
  const known = new Map<string, Answer>();
  const reference = async (parts: Parameters<typeof request>[0]): Promise<Answer> => {
    const key = JSON.stringify(parts);
    const found = known.get(key) ?? (await answer(alone, request({ ...parts, tenantId: `org_${known.size}` })));
    known.set(key, found);
    return found;
  };
  // Memory for about half of the rows: the rest is preempted again and again.
  const engine = await startEngine(model, shelf, { maxRows: 6, kvTokens: 288, maxQueue: 100, prefillStallMs: 1 });
  let trials = 0;
  let preemptions = 0;
  let worst = 0;
  while (trials < 500) {
    const asked = Array.from({ length: 3 + random.below(10) }, () => {
      const digest = adapters[random.below(adapters.length)]!;
      return {
        adapter: digest === null ? null : { digest, strength: [1, 1, 0.5, 2][random.below(4)]! },
        prompt: {
          kind: 'tokens' as const,
          tokens: Array.from({ length: 1 + random.below(40) }, () => 3 + random.below(250)),
        },
        maxTokens: 1 + random.below(60),
        topLogprobs: 0,
        sampling:
          random.below(3) === 0 ? { temperature: 0.9, topP: 0.9, seed: random.below(1000) } : { temperature: 0 },
      };
    });
    const broken = {
      adapter: { digest: poisoned, strength: 2 },
      prompt: { kind: 'tokens' as const, tokens: [5, 6, 7] },
    };
    const poison = random.below(2) === 0 ? answer(engine, request(broken)) : null;
    const found = await Promise.all(
      asked.map(async (parts) => {
        await new Promise((resolve) => setTimeout(resolve, random.below(8)));
        return await answer(engine, request({ ...parts, tenantId: `org_${random.below(3)}` }));
      }),
    );
    if (poison !== null) expect((await poison).error?.code).toBe('row_failed');
    for (const [i, parts] of asked.entries()) {
      const expected = await reference(parts);
      expect(found[i]!.error).toBeNull();
      expect(found[i]!.ids).toEqual(expected.ids);
      found[i]!.logprobs[0]!.forEach((logprob, at) => {
        worst = Math.max(worst, Math.abs(logprob - expected.logprobs[0]![at]!));
      });
      expect(found[i]!.tokens).toBe(found[i]!.usage.completionTokens);
    }
    trials += asked.length;
    preemptions += engine.stats().preemptions;
  }
  expect(worst).toBeLessThan(1e-3);
  expect(preemptions).toBeGreaterThan(20);
  expect(engine.stats()).toMatchObject({ running: 0, waiting: 0 });
  await Promise.all([engine.close(), alone.close()]);
});
