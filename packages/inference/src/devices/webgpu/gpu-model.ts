import type { ModelSpec } from '@parapet/models/spec';
import type { Widths } from '../cuda/layout.ts';
import type { Gpu } from './gpu.ts';
import type { GpuWeights } from './gpu-weights.ts';
import type { Kernels } from './kernels.ts';
import type { StorageType } from './layout.ts';

/** All that the layers' work needs of a model on a WebGPU device. */
export interface GpuModel {
  gpu: Gpu;
  spec: ModelSpec;
  widths: Widths;
  kernels: Kernels;
  weights: GpuWeights;
  type: StorageType;
}
