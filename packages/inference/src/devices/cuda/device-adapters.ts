import type { ModelSpec } from '@parapet/models/spec';
import { vectorWidth } from '@parapet/para/tensors';
import type { Accelerator } from '@parapet/runtime/accelerator';
import type { PromptAdapter } from '../device.ts';

/** Addresses of a layer's adapter tensors, float32; 0n where it has none. */
export interface DeviceAdapterLayer {
  down: bigint;
  up: bigint;
  bias: bigint;
  pool: bigint;
  rational: bigint;
}

/** An adapter on the device. `release` when a prompt is done with it: it may then make room for others. */
export interface DeviceAdapter {
  layers: readonly DeviceAdapterLayer[];
  /** Columns of W_up. */
  columns: number;
  release(): void;
}

interface Entry {
  layers: DeviceAdapterLayer[];
  memory: bigint;
  bytes: number;
  users: number;
}

/** Adapters on the device, least recently used out first. The host's copy is the engine's; this one is remade at need. */
export class DeviceAdapters {
  private readonly resident = new Map<PromptAdapter, Entry>();
  private bytes = 0;

  constructor(
    private readonly accelerator: Accelerator,
    private readonly spec: ModelSpec,
    private readonly maxBytes: number,
  ) {}

  acquire(adapter: PromptAdapter): DeviceAdapter {
    const entry = this.resident.get(adapter) ?? this.upload(adapter);
    this.resident.delete(adapter);
    this.resident.set(adapter, entry);
    entry.users += 1;
    let released = false;
    return {
      layers: entry.layers,
      columns: vectorWidth(adapter.config, this.spec),
      release: () => {
        if (released) return;
        released = true;
        entry.users -= 1;
        this.evict();
      },
    };
  }

  close(): void {
    for (const { memory } of this.resident.values()) this.accelerator.free(memory);
    this.resident.clear();
  }

  private upload(adapter: PromptAdapter): Entry {
    const tensors = adapter.layers.flatMap((layer) => [...layer.values()]);
    const total = tensors.reduce((sum, data) => sum + Math.ceil(data.length / 4) * 4, 0);
    const packed = new Float32Array(total);
    const memory = this.accelerator.allocate(packed.byteLength);
    let at = 0;
    const layers = adapter.layers.map((layer) => {
      const place = (name: string): bigint => {
        const data = layer.get(name);
        if (data === undefined) return 0n;
        packed.set(data, at);
        const address = memory + BigInt(at * 4);
        at += Math.ceil(data.length / 4) * 4;
        return address;
      };
      return {
        down: place('down'),
        up: place('up'),
        bias: place('bias'),
        pool: place('pool'),
        rational: place('rational'),
      };
    });
    this.accelerator.upload(memory, packed);
    this.bytes += packed.byteLength;
    return { layers, memory, bytes: packed.byteLength, users: 0 };
  }

  private evict(): void {
    for (const [adapter, { users, memory, bytes }] of this.resident) {
      if (this.bytes <= this.maxBytes) return;
      if (users > 0) continue;
      this.resident.delete(adapter);
      this.accelerator.free(memory);
      this.bytes -= bytes;
    }
  }
}
