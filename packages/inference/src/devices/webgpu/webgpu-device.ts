import type { Device, ModelRunner, RunnerOptions } from '../device.ts';
import { Gpu, type GpuOptions } from './gpu.ts';
import type { StorageType } from './layout.ts';
import { WebGpuRunner } from './webgpu-runner.ts';

export interface WebGpuDeviceOptions extends GpuOptions {
  /** Of weights, activations and cache; sums are float32 either way. */
  type?: StorageType;
}

/** Any graphics card, through WebGPU. Throws a sentence that says what is missing: nothing falls back silently. */
export async function webGpuDevice(options: WebGpuDeviceOptions = {}): Promise<Device> {
  const gpu = await Gpu.open(options);
  return {
    kind: 'webgpu',
    name: gpu.name,
    weightKind: 'fp32',
    async createRunner(runnerOptions: RunnerOptions): Promise<ModelRunner> {
      return WebGpuRunner.create(gpu, options.type ?? 'float16', runnerOptions);
    },
  };
}
