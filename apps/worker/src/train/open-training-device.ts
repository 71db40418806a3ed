import { cpus } from 'node:os';
import type { SessionOptions } from '@parapet/runtime';
import type { Accelerator } from '@parapet/runtime/accelerator';
import { CudaAccelerator } from '@parapet/runtime/cuda';
import type { TrainEnv } from '../env.ts';

export interface TrainingDevice {
  kind: 'cpu' | 'cuda';
  name: string;
  /** The card; absent on the CPU. */
  accelerator?: Accelerator;
  session?: SessionOptions;
}

/** What training runs on, or an error that says what is missing: a job never runs on another device than was asked for. */
export function openTrainingDevice(env: TrainEnv): TrainingDevice {
  switch (env.PARAPET_TRAIN_DEVICE ?? env.PARAPET_DEVICE) {
    case 'cpu':
      return { kind: 'cpu', name: cpus()[0]?.model.trim() ?? 'cpu', session: { threads: env.PARAPET_THREADS } };
    case 'cuda': {
      const accelerator = CudaAccelerator.open({ libraryPath: env.PARAPET_CUDA_LIBRARIES });
      return { kind: 'cuda', name: accelerator.name, accelerator };
    }
    case 'webgpu':
      throw new Error('Training does not run on WebGPU: set PARAPET_TRAIN_DEVICE to cpu or cuda.');
  }
}
