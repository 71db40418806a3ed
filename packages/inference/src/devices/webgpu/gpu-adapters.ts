import { vectorWidth } from '@parapet/para/tensors';
import type { PromptAdapter } from '../device.ts';
import type { GpuModel } from './gpu-model.ts';
import { bind } from './kernels.ts';
import { adapterTensors } from './layout.ts';

/** An adapter on the device. `release` when a prompt is done with it: it may then make room for others. */
export interface GpuAdapter {
  group: GPUBindGroup;
  /** Columns of W_up. */
  columns: number;
  release(): void;
}

interface Entry {
  buffer: GPUBuffer;
  group: GPUBindGroup;
  users: number;
}

/** Adapters on the device, least recently used out first. The host's copy is the engine's; this one is remade at need. */
export class GpuAdapters {
  private readonly resident = new Map<PromptAdapter, Entry>();
  private bytes = 0;

  constructor(
    private readonly model: GpuModel,
    private readonly maxBytes: number,
  ) {}

  acquire(adapter: PromptAdapter): GpuAdapter {
    const entry = this.resident.get(adapter) ?? this.upload(adapter);
    this.resident.delete(adapter);
    this.resident.set(adapter, entry);
    entry.users += 1;
    let released = false;
    return {
      group: entry.group,
      columns: vectorWidth(adapter.config, this.model.spec),
      release: () => {
        if (released) return;
        released = true;
        entry.users -= 1;
        this.evict();
      },
    };
  }

  /** One buffer: for each layer where its tensors begin, then the tensors. */
  private upload(adapter: PromptAdapter): Entry {
    const { gpu, kernels } = this.model;
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
    this.bytes += buffer.size;
    return { buffer, group: bind(gpu, kernels.adapterLayout, [buffer]), users: 0 };
  }

  private evict(): void {
    for (const [adapter, { users, buffer }] of this.resident) {
      if (this.bytes <= this.maxBytes) return;
      if (users > 0) continue;
      this.resident.delete(adapter);
      this.bytes -= buffer.size;
      this.model.gpu.free(buffer);
    }
  }
}
