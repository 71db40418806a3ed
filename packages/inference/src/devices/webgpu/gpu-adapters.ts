import type { PromptAdapter } from '../device.ts';
import type { GpuModel } from './gpu-model.ts';
import { bind } from './kernels.ts';
import { adapterTensors } from './layout.ts';

/** An adapter's tensors in one buffer of the device. */
export interface GpuAdapter {
  buffer: GPUBuffer;
  group: GPUBindGroup;
  bytes: number;
}

/** Uploads an adapter as one buffer: for each layer where its tensors begin, then the tensors. Its caller frees it. */
export function placeGpuAdapter(model: GpuModel, adapter: PromptAdapter): GpuAdapter {
  const { gpu, kernels } = model;
  const head = adapter.layers.length * adapterTensors.length;
  const total = adapter.layers.reduce((sum, layer) => {
    return adapterTensors.reduce((all, name) => all + (layer.get(name)?.length ?? 0), sum);
  }, head);
  const packed = new Float32Array(total);
  const offsets = new Uint32Array(packed.buffer, 0, head);
  let at = head;
  for (const [i, layer] of adapter.layers.entries()) {
    for (const [j, name] of adapterTensors.entries()) {
      const data = layer.get(name);
      if (data === undefined) continue;
      offsets[i * adapterTensors.length + j] = at;
      packed.set(data, at);
      at += data.length;
    }
  }
  const buffer = gpu.buffer('an adapter', packed.byteLength);
  gpu.upload(buffer, packed);
  return { buffer, group: bind(gpu, kernels.adapterLayout, [buffer]), bytes: buffer.size };
}
