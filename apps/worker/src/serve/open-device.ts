import { cpuDevice } from '@parapet/inference/cpu-device';
import { cudaDevice } from '@parapet/inference/cuda-device';
import type { Device } from '@parapet/inference/device';
import { webGpuDevice } from '@parapet/inference/webgpu-device';
import type { ServeEnv } from '../env.ts';

export interface ServingDevice {
  device: Device;
  /** How the weights are kept there. */
  weights: string;
}

/**
 * The device that was asked for, or an error that says what is missing: a worker never serves from another one.
 * On CUDA and WebGPU, weights are float16, or float32 where PARAPET_WEIGHTS is fp32.
 */
export async function openDevice(env: ServeEnv): Promise<ServingDevice> {
  const type = env.PARAPET_WEIGHTS === 'fp32' ? 'float32' : 'float16';
  const weights = type === 'float32' ? 'fp32' : 'fp16';
  switch (env.PARAPET_DEVICE) {
    case 'cpu':
      return { device: cpuDevice({ threads: env.PARAPET_THREADS }), weights: env.PARAPET_WEIGHTS };
    case 'cuda':
      return { device: cudaDevice({ type, libraryPath: env.PARAPET_CUDA_LIBRARIES }), weights };
    case 'webgpu':
      return { device: await webGpuDevice({ type }), weights };
  }
}
