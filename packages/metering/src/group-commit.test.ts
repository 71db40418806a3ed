import { describe, expect, it } from 'vitest';
import { GroupCommit } from './group-commit.ts';

function recorder(maxBatch = 100) {
  const batches: number[][] = [];
  const group = new GroupCommit<number, number>(
    async (inputs) => {
      batches.push(inputs);
      return inputs;
    },
    { maxBatch, lanes: 1, maxWaiting: 1_000 },
  );
  return { batches, group };
}

describe('patience', () => {
  it('lets calls that nobody waits for share one transaction', async () => {
    const { batches, group } = recorder();
    const early = group.add(1, 40);
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(await Promise.all([early, group.add(2, 40)])).toEqual([1, 2]);
    expect(batches).toEqual([[1, 2]]);
  });

  it('ends with the first urgent call, which takes the others along', async () => {
    const { batches, group } = recorder();
    const startedAt = performance.now();
    const patient = group.add(1, 5_000);
    await group.add(2);
    expect(await patient).toBe(1);
    expect(batches).toEqual([[1, 2]]);
    expect(performance.now() - startedAt).toBeLessThan(1_000);
  });

  it('ends when a batch is full, or the ledger is drained', async () => {
    const { batches, group } = recorder(2);
    await Promise.all([group.add(1, 5_000), group.add(2, 5_000)]);
    const last = group.add(3, 5_000);
    await group.drain();
    expect(await last).toBe(3);
    expect(batches).toEqual([[1, 2], [3]]);
  });
});
