import { describe, expect, it } from 'vitest';
import { holdRunnerToCpu, largestDifference, limits, longPrompt } from '../testing/runner-suite.ts';
import { Gpu } from './gpu.ts';
import { useSoftwareVulkan } from './testing/env.ts';
import { WebGpuRunner } from './webgpu-runner.ts';

const missing = useSoftwareVulkan();
const title = `the WebGPU runner, on the processor${missing === null ? '' : ` (${missing})`}`;

// What these kernels compute on the processor is what they compute on a card, up to rounding.
describe.skipIf(missing !== null)(title, () => {
  // The last prompt is longer than a chunk of attention and a tile of rows.
  const runners = holdRunnerToCpu([[5, 9, 200, 17, 33], [1], longPrompt(150)], async (type, options) =>
    WebGpuRunner.create(await Gpu.open({ software: true }), type, options),
  );

  it('goes on from a kept prompt as from the prompt itself, whatever was written meanwhile', async () => {
    const tokens = [3, 14, 15, 92, 65, 35, 89, 79, 32, 38, 46, 26, 43, 38, 32, 79, 50, 28, 84]; // a page and a part
    const tell = async (slot: number, token: number) => {
      const rows = Array.from({ length: slot + 1 }, () => ({ token, tokens: tokens.length + 1 }));
      return (await runners.fp32.decode(rows)).logits(slot).slice();
    };
    const enter = async (slot: number) => {
      const run = runners.fp32.beginPrefill(slot, tokens, { kind: 'base' });
      while (run.remainingLayers > 0) await run.advance(1);
      run.release();
    };
    for (let slot = 0; slot < limits.maxRows; slot++) {
      runners.fp32.freeSlot(slot);
      runners.fp32.setScales(slot, null);
    }
    await enter(0);
    const kept = runners.fp32.saveKv(0, tokens.length);
    const expected = await tell(0, 7);
    await tell(0, 200); // writes over the growing page of the row, not of what is kept
    runners.fp32.freeSlot(0);
    await enter(0); // takes the pages given back
    runners.fp32.restoreKv(1, kept);
    expect(largestDifference(await tell(1, 7), expected)).toBe(0);
    runners.fp32.copyKv(1, 2, tokens.length);
    runners.fp32.freeSlot(1);
    runners.fp32.restoreKv(1, kept);
    expect(largestDifference(await tell(2, 7), expected)).toBe(0);
    kept.release();
  });
});
