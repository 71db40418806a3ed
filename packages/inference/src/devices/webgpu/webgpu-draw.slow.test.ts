import { describe } from 'vitest';
import { holdDrawsToDefinition } from '../testing/draw-suite.ts';
import { Gpu } from './gpu.ts';
import { useSoftwareVulkan } from './testing/env.ts';
import { WebGpuRunner } from './webgpu-runner.ts';

const missing = useSoftwareVulkan();

describe.skipIf(missing !== null)(`draws on a WebGPU device${missing === null ? '' : ` (${missing})`}`, () => {
  holdDrawsToDefinition(
    async (options) => WebGpuRunner.create(await Gpu.open({ software: true }), 'float32', options),
    async (runner, token, draw) => {
      const drawn = (await runner.decode([{ token, tokens: 1, draw }])).sampled!(0);
      return { drawn, logits: (await runner.decode([{ token, tokens: 1 }])).logits(0) };
    },
  );
});
