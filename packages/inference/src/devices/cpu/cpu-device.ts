import { cpus } from 'node:os';
import { Runtime } from '@parapet/runtime';
import type { Device, ModelRunner, RunnerOptions } from '../device.ts';
import { CpuRunner } from './cpu-runner.ts';

/** The host's processor, by ONNX Runtime's CPU kernels. */
export function cpuDevice({ threads }: { threads: number }): Device {
  return {
    kind: 'cpu',
    name: `${cpus()[0]?.model.trim() ?? 'CPU'}, ${threads} threads`,
    async createRunner(options: RunnerOptions): Promise<ModelRunner> {
      const runtime = Runtime.open({ sharedThreads: { threads, spinning: true } });
      return await CpuRunner.create(runtime, options);
    },
  };
}
