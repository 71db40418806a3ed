import { Gpu } from '@parapet/inference/webgpu';
import type { Check } from './check.ts';

/** Opens the device that a worker would take and has it do one sum: what is found may still not work. */
export async function checkWebGpu(): Promise<Check> {
  const name = 'Serving on WebGPU';
  let gpu: Gpu | null = null;
  try {
    gpu = await Gpu.open();
    await gpu.rehearse();
    const largest = gpu.device.limits.maxStorageBufferBindingSize;
    const detail = `works on ${gpu.name}, buffers up to ${Math.floor(largest / 1e6).toLocaleString('en')} MB`;
    return { name, state: 'ok', detail: `${detail}; set PARAPET_DEVICE=webgpu and PARAPET_TRAIN_DEVICE=cpu` };
  } catch (error) {
    return {
      ...{ name, state: 'absent', detail: (error as Error).message },
      advice: "Only needed for a GPU that is not NVIDIA's, or without CUDA: docs/webgpu.md says what it takes.",
    };
  } finally {
    gpu?.close();
  }
}
