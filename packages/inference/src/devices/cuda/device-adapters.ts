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

/** An adapter's tensors in one piece of the device's memory. */
export interface PlacedAdapter {
  layers: readonly DeviceAdapterLayer[];
  memory: bigint;
  bytes: number;
}

/** Uploads an adapter; its caller frees `memory`. */
export function placeAdapter(accelerator: Accelerator, adapter: PromptAdapter): PlacedAdapter {
  const tensors = adapter.layers.flatMap((layer) => [...layer.values()]);
  const total = tensors.reduce((sum, data) => sum + Math.ceil(data.length / 4) * 4, 0);
  const packed = new Float32Array(total);
  const memory = accelerator.allocate(packed.byteLength);
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
  accelerator.upload(memory, packed);
  return { layers, memory, bytes: packed.byteLength };
}
