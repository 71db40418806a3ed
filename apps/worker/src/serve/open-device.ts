import { cpuDevice } from '@parapet/inference/cpu-device';
import { findKernels } from '@parapet/inference/cpu-kernels';
import { cudaDevice } from '@parapet/inference/cuda-device';
import type { Device } from '@parapet/inference/device';
import { webGpuDevice } from '@parapet/inference/webgpu-device';
import type { ServeEnv } from '../env.ts';

export interface ServingDevice {
  device: Device;
  /** How the weights are kept there. */
  weights: string;
  /** On the CPU: whose kernels compute, and why not our own. */
  kernels?: string;
}

/**
 * The device that was asked for, or an error that says what is missing: a worker never serves from another one.
 * On CUDA and WebGPU, weights are float16, or float32 where PARAPET_WEIGHTS is fp32.
 */
export async function openDevice(env: ServeEnv, kernelsFolder: string): Promise<ServingDevice> {
  const type = env.PARAPET_WEIGHTS === 'fp32' ? 'float32' : 'float16';
  const weights = type === 'float32' ? 'fp32' : 'fp16';
  switch (env.PARAPET_DEVICE) {
    case 'cpu':
      return openCpu(env, kernelsFolder);
    case 'cuda':
      return { device: cudaDevice({ type, libraryPath: env.PARAPET_CUDA_LIBRARIES }), weights };
    case 'webgpu':
      return { device: await webGpuDevice({ type }), weights };
  }
}

/** Our own kernels are for 8-bit weights; where they can't be had, ONNX Runtime's serve the same graph, slower. */
function openCpu({ PARAPET_THREADS: threads, PARAPET_WEIGHTS: weights }: ServeEnv, folder: string): ServingDevice {
  if (weights !== 'int8') return { device: cpuDevice({ threads }), weights, kernels: "ONNX Runtime's" };
  const found = findKernels(folder);
  const words =
    found.kernels === null
      ? `ONNX Runtime's; our own would be several times faster, but ${found.reason}`
      : `our own, ${found.kernels.instructions}`;
  return { device: cpuDevice({ threads, kernels: found.kernels }), weights, kernels: words };
}
