import { cpus } from 'node:os';
import { Runtime } from '@parapet/runtime';
import type { Device, ModelRunner, RunnerOptions } from '../device.ts';
import { CpuRunner } from './cpu-runner.ts';
import type { CpuKernels } from './kernel-library.ts';

export interface CpuDeviceOptions {
  threads: number;
  /** Our own kernels for 8-bit weights (`findKernels`); absent or null = ONNX Runtime's. */
  kernels?: CpuKernels | null;
}

/** The host's processor, by ONNX Runtime's CPU provider. */
export function cpuDevice({ threads, kernels = null }: CpuDeviceOptions): Device {
  return {
    kind: 'cpu',
    name: `${cpus()[0]?.model.trim() ?? 'CPU'}, ${threads} threads`,
    weightLayout: kernels === null ? 'blocks' : 'panels',
    async createRunner(options: RunnerOptions): Promise<ModelRunner> {
      const runtime = Runtime.open({ sharedThreads: { threads, spinning: true } });
      return await CpuRunner.create(runtime, options, kernels);
    },
  };
}
