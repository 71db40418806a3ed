import type { DeviceType } from '@parapet/runtime/accelerator';
import { CudaAccelerator, type CudaOptions } from '@parapet/runtime/cuda';
import type { Device, ModelRunner, RunnerOptions } from '../device.ts';
import { CudaRunner } from './cuda-runner.ts';

export interface CudaDeviceOptions extends CudaOptions {
  /** Of weights, activations and cache; sums are float32 either way. */
  type?: DeviceType;
}

/** An NVIDIA card. Throws a sentence that says what is missing when there is none to use: nothing falls back silently. */
export function cudaDevice(options: CudaDeviceOptions = {}): Device {
  const accelerator = CudaAccelerator.open(options);
  return {
    kind: 'cuda',
    name: accelerator.name,
    weightKind: 'fp32',
    async createRunner(runnerOptions: RunnerOptions): Promise<ModelRunner> {
      return CudaRunner.create(accelerator, options.type ?? 'float16', runnerOptions);
    },
  };
}
