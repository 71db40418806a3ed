import { createHash } from 'node:crypto';
import type { AdapterConfig } from '@parapet/contracts/adapter';
import { ParapetError } from '@parapet/contracts/errors';
import type { ModelSpec } from '@parapet/models/spec';
import { decodeAdapter } from '@parapet/para/adapter-file';
import type { PromptAdapter, RowAdaptation } from '../devices/device.ts';
import { ia3Scales } from './ia3-scales.ts';

/** An adapter in memory, checked. */
export interface LoadedAdapter {
  digest: string;
  config: AdapterConfig;
  bytes: number;
  /** PARA: what makes a prompt's scales. */
  prompt: PromptAdapter | null;
  /** (IA)³ and LoRA: what depends on the strength alone. */
  fixed: ((strength: number) => RowAdaptation) | null;
}

interface Entry {
  adapter: LoadedAdapter;
  /** Requests that use it now: such an adapter stays. */
  users: number;
}

export interface AdapterCacheOptions {
  spec: ModelSpec;
  baseDigest: string;
  /** Bytes that may be resident, those in use beside. */
  maxBytes: number;
  /** The adapter's file by digest. */
  fetch: (digest: string) => Promise<Uint8Array>;
  /** Called before an adapter is handed out: makes what its prompts need. */
  prepare: (config: AdapterConfig) => Promise<void>;
}

/** Resident adapters: loaded by digest in the background, checked, least recently used out first, pinned ones never. */
export class AdapterCache {
  /** In order of use, most recent last. */
  private readonly resident = new Map<string, Entry>();
  private readonly loading = new Map<string, Promise<LoadedAdapter>>();
  private pinned = new Set<string>();
  private bytes = 0;
  /** Milliseconds of the loads so far, the latest last. */
  readonly loadMs: number[] = [];

  constructor(private readonly options: AdapterCacheOptions) {}

  get residentBytes(): number {
    return this.bytes;
  }

  /** Digests, most recently used first. */
  digests(): string[] {
    return [...this.resident.keys()].reverse();
  }

  /** Resident or loaded now; in use until `release`. @throws ParapetError when the file is missing or wrong */
  async acquire(digest: string): Promise<LoadedAdapter> {
    for (;;) {
      const entry = this.resident.get(digest);
      if (entry !== undefined) {
        entry.users += 1;
        this.resident.delete(digest);
        this.resident.set(digest, entry);
        return entry.adapter;
      }
      await this.load(digest);
    }
  }

  release(digest: string): void {
    const entry = this.resident.get(digest);
    if (entry !== undefined) entry.users -= 1;
    this.evict();
  }

  /** Replaces the set of pinned adapters; those not resident are loaded in the background. */
  pin(digests: readonly string[]): void {
    this.pinned = new Set(digests);
    for (const digest of digests) {
      if (!this.resident.has(digest)) this.load(digest).catch(() => {}); // its requests will say what is wrong with it
    }
    this.evict();
  }

  private load(digest: string): Promise<LoadedAdapter> {
    let load = this.loading.get(digest);
    if (load === undefined) {
      load = this.read(digest).finally(() => this.loading.delete(digest));
      this.loading.set(digest, load);
    }
    return load;
  }

  private async read(digest: string): Promise<LoadedAdapter> {
    const { spec, baseDigest, fetch, prepare } = this.options;
    const start = performance.now();
    const file = await fetch(digest);
    const found = createHash('sha256').update(file).digest('hex');
    if (found !== digest) {
      throw new ParapetError(
        'invalid_adapter',
        `The adapter's bytes have the digest ${found.slice(0, 12)}…, not the one asked for.`,
      );
    }
    const { manifest, tensors } = decodeAdapter(file, { digest: baseDigest, spec });
    await prepare(manifest.config);
    const layers = tensorsByLayer(spec, tensors);
    const { config } = manifest;
    const adapter: LoadedAdapter = {
      digest,
      config,
      bytes: [...tensors.values()].reduce((sum, data) => sum + data.byteLength, 0),
      prompt: config.method === 'para' ? { config, layers } : null,
      fixed: fixedAdaptation(spec, config, layers),
    };
    this.loadMs.push(performance.now() - start);
    if (this.loadMs.length > 1000) this.loadMs.shift();
    this.resident.set(digest, { adapter, users: 0 });
    this.bytes += adapter.bytes;
    this.evict(digest);
    return adapter;
  }

  private evict(keep?: string): void {
    for (const [digest, { adapter, users }] of this.resident) {
      if (this.bytes <= this.options.maxBytes) return;
      if (users > 0 || digest === keep || this.pinned.has(digest)) continue;
      this.resident.delete(digest);
      this.bytes -= adapter.bytes;
    }
  }
}

function fixedAdaptation(
  spec: ModelSpec,
  config: AdapterConfig,
  layers: readonly ReadonlyMap<string, Float32Array>[],
): LoadedAdapter['fixed'] {
  switch (config.method) {
    case 'para':
      return null;
    case 'ia3':
      return (strength) => ia3Scales(spec, layers, strength);
    case 'lora': {
      const { rank, alpha } = config;
      return (strength) => ({ variant: 'lora', rank, factor: (strength * alpha) / rank, layers });
    }
  }
}

/** An adapter's tensors layer by layer, by their name behind `layers.N.`. */
export function tensorsByLayer(
  spec: ModelSpec,
  tensors: ReadonlyMap<string, Float32Array>,
): ReadonlyMap<string, Float32Array>[] {
  return Array.from({ length: spec.layers }, (_, layer) => {
    const prefix = `layers.${layer}.`;
    const own = [...tensors].filter(([name]) => name.startsWith(prefix));
    return new Map(own.map(([name, data]) => [name.slice(prefix.length), data]));
  });
}
