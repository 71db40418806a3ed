import { cpus } from 'node:os';
import type { Runtime, SessionOptions } from '@parapet/runtime';
import { CudaDriver, listCards } from '@parapet/runtime/cuda-driver';
import { findCudaLibrary, librarySearchPath } from '@parapet/runtime/cuda-libraries';
import { openCudaRuntime } from '@parapet/runtime/cuda-runtime';
import type { TrainEnv } from '../env.ts';

export interface TrainingDevice {
  kind: 'cpu' | 'cuda';
  name: string;
  /** Absent = ONNX Runtime as it is installed. */
  runtime?: Runtime;
  session: SessionOptions;
}

/** What training runs on, or an error that says what is missing: a job never runs on another device than was asked for. */
export function openTrainingDevice(env: TrainEnv): TrainingDevice {
  switch (env.PARAPET_TRAIN_DEVICE ?? env.PARAPET_DEVICE) {
    case 'cpu':
      return { kind: 'cpu', name: cpus()[0]?.model.trim() ?? 'cpu', session: { threads: env.PARAPET_THREADS } };
    case 'cuda': {
      const libraryPath = env.PARAPET_CUDA_LIBRARIES;
      const driver = findCudaLibrary('driver', librarySearchPath(libraryPath));
      const card = driver === null ? undefined : listCards(new CudaDriver(driver.path))[0];
      if (card === undefined)
        throw new Error('Training on CUDA needs an NVIDIA card: `parapet doctor` tells what is missing.');
      return {
        kind: 'cuda',
        name: card.name,
        ...openCudaRuntime({ runtimeLibrary: env.PARAPET_ONNXRUNTIME, libraryPath }),
      };
    }
    case 'webgpu':
      throw new Error('Training does not run on WebGPU: set PARAPET_TRAIN_DEVICE to cpu or cuda.');
  }
}
