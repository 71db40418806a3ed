import type { ModelSpec } from '@parapet/models/spec';
import { vectorWidth } from '@parapet/para/tensors';
import type { PromptAdapter } from './device.ts';

/** An adapter on a device. `release` when a prompt is done with it: it may then make room for others. */
export type ResidentAdapter<Placed> = Placed & {
  /** Columns of W_up. */
  columns: number;
  release(): void;
};

/**
 * Adapters on a device, least recently used out first; those in use stay. The host's copy is the engine's; this one is
 * remade at need.
 */
export class ResidentAdapters<Placed extends { bytes: number }> {
  private readonly resident = new Map<PromptAdapter, { placed: Placed; users: number }>();
  private bytes = 0;

  constructor(
    private readonly spec: ModelSpec,
    private readonly maxBytes: number,
    private readonly place: (adapter: PromptAdapter) => Placed,
    private readonly free: (placed: Placed) => void,
  ) {}

  acquire(adapter: PromptAdapter): ResidentAdapter<Placed> {
    const entry = this.resident.get(adapter) ?? this.upload(adapter);
    this.resident.delete(adapter);
    this.resident.set(adapter, entry);
    entry.users += 1;
    let released = false;
    return {
      ...entry.placed,
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
    for (const { placed } of this.resident.values()) this.free(placed);
    this.resident.clear();
  }

  private upload(adapter: PromptAdapter): { placed: Placed; users: number } {
    const placed = this.place(adapter);
    this.bytes += placed.bytes;
    return { placed, users: 0 };
  }

  private evict(): void {
    for (const [adapter, { users, placed }] of this.resident) {
      if (this.bytes <= this.maxBytes) return;
      if (users > 0) continue;
      this.resident.delete(adapter);
      this.free(placed);
      this.bytes -= placed.bytes;
    }
  }
}
