import { canEmulate, HostAccelerator } from '@parapet/runtime/testing-accelerator';
import { describe } from 'vitest';
import { holdRunnerToCpu, longPrompt } from '../testing/runner-suite.ts';
import { CudaRunner } from './cuda-runner.ts';

// What these kernels compute on the host is what they compute on a card, up to rounding.
describe.runIf(canEmulate())('the CUDA runner, its kernels emulated on the host', () => {
  holdRunnerToCpu([[5, 9, 200, 17, 33], longPrompt(40), [1]], async (type, options) =>
    CudaRunner.create(new HostAccelerator(), type, options),
  );
});
