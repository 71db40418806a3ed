import { canEmulate, HostAccelerator } from '@parapet/runtime/testing-accelerator';
import { describe } from 'vitest';
import { holdDrawsToDefinition } from '../testing/draw-suite.ts';
import { CudaRunner } from './cuda-runner.ts';

describe.runIf(canEmulate())('draws on the device', () => {
  holdDrawsToDefinition(
    async (options) => CudaRunner.create(new HostAccelerator(), 'float32', options),
    async (runner, token, draw) => {
      const result = await runner.decode([{ token, tokens: 1, draw }]);
      return { drawn: result.sampled!(0), logits: result.logits(0) };
    },
  );
});
