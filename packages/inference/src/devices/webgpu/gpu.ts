/// <reference types="@webgpu/types" />

/** `GPUBufferUsage` of the specification: its names exist only where a browser defines them. */
export const usage = {
  mapRead: 0x0001,
  copySource: 0x0004,
  copyTarget: 0x0008,
  uniform: 0x0040,
  storage: 0x0080,
  queryResolve: 0x0200,
} as const;
const mapModeRead = 0x0001;

/** What every buffer that kernels work on may be used for. */
const working = usage.storage | usage.copySource | usage.copyTarget;

export interface GpuOptions {
  /** Takes an adapter that computes on the processor, which serving refuses. */
  software?: boolean;
  /** More switches of Dawn to turn on. */
  switches?: readonly string[];
  /** Dawn's backend in place of the platform's own; `null` computes nothing, which shows what the host's part takes. */
  backend?: string;
}

/** Switches of Dawn: our kernels check their own bounds and fill their own workgroup memory; times are wanted exact. */
const switchedOn = ['disable_robustness', 'disable_workgroup_init'];
const switchedOff = ['timestamp_quantization'];

const installAdvice =
  'The npm package webgpu (Dawn) is not installed: install the optional dependencies, or set PARAPET_DEVICE to cpu.';

/** One WebGPU device with what the runner asks of it. Errors that WebGPU reports late are thrown by the next `check`. */
export class Gpu {
  private failure: Error | null = null;
  private closed = false;
  private readonly buffers = new Set<GPUBuffer>();

  private constructor(
    readonly device: GPUDevice,
    /** The hardware in words. */
    readonly name: string,
    /** Dawn lives as long as this object is reachable. */
    readonly root: GPU,
  ) {
    device.lost.then(({ message }) => {
      if (!this.closed) this.failure ??= new Error(`The WebGPU device was lost: ${message} Restart the worker.`);
    });
    device.onuncapturederror = ({ error }) => {
      this.failure ??= new Error(`WebGPU: ${error.message}`);
    };
  }

  /** Opens the fastest adapter with its whole limits. Throws a sentence that says what is missing. */
  static async open({ software = false, switches = [], backend }: GpuOptions = {}): Promise<Gpu> {
    const root = (await importDawn()).create([
      `enable-dawn-features=${[...switchedOn, ...switches].join(',')}`,
      `disable-dawn-features=${switchedOff.join(',')}`,
      ...(backend === undefined ? [] : [`backend=${backend}`]),
    ]);
    const adapter = await root.requestAdapter({ powerPreference: 'high-performance' });
    if (adapter === null) {
      throw new Error(
        'WebGPU finds no graphics adapter. On Linux it needs the Vulkan loader (package libvulkan1) and a Vulkan driver: ' +
          'does vulkaninfo list a GPU?',
      );
    }
    const name = nameOf(adapter.info);
    if (isSoftware(adapter.info) && !software) {
      throw new Error(
        `The only WebGPU adapter is ${name}, which computes on the processor: PARAPET_DEVICE=cpu is faster.`,
      );
    }
    const limits = ['maxStorageBufferBindingSize', 'maxBufferSize'] as const;
    const device = await adapter.requestDevice({
      requiredFeatures: adapter.features.has('timestamp-query') ? ['timestamp-query'] : [],
      requiredLimits: Object.fromEntries(limits.map((limit) => [limit, adapter.limits[limit]])),
    });
    return new Gpu(device, name, root);
  }

  /** Whether passes can be timed by the device itself. */
  get hasTimestamps(): boolean {
    return this.device.features.has('timestamp-query');
  }

  /** Throws what WebGPU has reported since. */
  check(): void {
    if (this.failure !== null) throw this.failure;
  }

  /** New memory for kernels, all zeros. Throws a sentence for a size that the device doesn't have. */
  buffer(label: string, bytes: number, extra = 0): GPUBuffer {
    const { maxStorageBufferBindingSize, maxBufferSize } = this.device.limits;
    const most = Math.min(maxStorageBufferBindingSize, maxBufferSize);
    const size = Math.max(16, Math.ceil(bytes / 16) * 16);
    if (size > most) {
      throw new Error(
        `${label} takes ${megabytes(size)} in one piece, and ${this.name} allows ${megabytes(most)}: ` +
          'lower PARAPET_KV_TOKENS or PARAPET_MAX_ROWS.',
      );
    }
    return this.keep(this.device.createBuffer({ label, size, usage: working | extra }));
  }

  /** New memory that the host reads after a copy. */
  readback(label: string, bytes: number): GPUBuffer {
    const size = Math.max(16, Math.ceil(bytes / 16) * 16);
    return this.keep(this.device.createBuffer({ label, size, usage: usage.mapRead | usage.copyTarget }));
  }

  free(buffer: GPUBuffer): void {
    this.buffers.delete(buffer);
    buffer.destroy();
  }

  upload(to: GPUBuffer, data: ArrayBufferView, offset = 0): void {
    this.device.queue.writeBuffer(to, offset, data.buffer as ArrayBuffer, data.byteOffset, data.byteLength);
  }

  /** Encodes and submits; returns before the device is done. */
  submit(work: (encoder: GPUCommandEncoder) => void): void {
    const encoder = this.device.createCommandEncoder();
    work(encoder);
    this.device.queue.submit([encoder.finish()]);
  }

  /** The first bytes of a readback buffer, once everything submitted is done. */
  async read(from: GPUBuffer, bytes: number): Promise<ArrayBuffer> {
    await from.mapAsync(mapModeRead, 0, Math.ceil(bytes / 8) * 8).catch((error: Error) => {
      this.check();
      throw error;
    });
    const copy = from.getMappedRange(0, Math.ceil(bytes / 8) * 8).slice(0, bytes);
    from.unmap();
    this.check();
    return copy;
  }

  /** Waits until the device has nothing left to do. */
  async idle(): Promise<void> {
    await this.device.queue.onSubmittedWorkDone();
    this.check();
  }

  /** Compiles and runs a small kernel. Throws when the device does not add as it should. */
  async rehearse(): Promise<void> {
    const code =
      '@group(0) @binding(0) var<storage, read_write> x: array<u32>;' +
      '@compute @workgroup_size(4) fn main(@builtin(global_invocation_id) id: vec3u) { x[id.x] += id.x; }';
    const numbers = this.buffer('numbers', 16);
    const output = this.readback('numbers, read back', 16);
    this.upload(numbers, Uint32Array.of(1, 2, 3, 4));
    const module = this.device.createShaderModule({ code });
    const pipeline = await this.device.createComputePipelineAsync({ layout: 'auto', compute: { module } });
    const entries = [{ binding: 0, resource: { buffer: numbers } }];
    const group = this.device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries });
    this.submit((encoder) => {
      const pass = encoder.beginComputePass();
      pass.setPipeline(pipeline);
      pass.setBindGroup(0, group);
      pass.dispatchWorkgroups(1);
      pass.end();
      encoder.copyBufferToBuffer(numbers, 0, output, 0, 16);
    });
    const sums = new Uint32Array(await this.read(output, 16));
    if (`${sums}` !== '1,3,5,7') throw new Error(`${this.name} computes wrongly: ${sums} in place of 1,3,5,7.`);
  }

  /** Runs what takes memory; throws a sentence when the device has too little. */
  async allocating<T>(what: string, work: () => T): Promise<T> {
    this.device.pushErrorScope('out-of-memory');
    try {
      return work();
    } finally {
      const error = await this.device.popErrorScope();
      // In place of what was reported before: that only says that buffers are missing.
      if (error !== null) this.failure = new Error(`${this.name} has too little memory for ${what}: ${error.message}`);
      this.check();
    }
  }

  close(): void {
    this.closed = true;
    for (const buffer of this.buffers) buffer.destroy();
    this.buffers.clear();
    this.device.destroy();
  }

  private keep(buffer: GPUBuffer): GPUBuffer {
    this.buffers.add(buffer);
    return buffer;
  }
}

function nameOf({ vendor, architecture, device, description }: GPUAdapterInfo): string {
  return (
    [description || device, [vendor, architecture].filter(Boolean).join(' ')].filter(Boolean).join(', ') || 'unnamed'
  );
}

function isSoftware({ architecture, description, device }: GPUAdapterInfo): boolean {
  return /swiftshader|llvmpipe|lavapipe|basic render/i.test(`${architecture} ${description} ${device}`);
}

function megabytes(bytes: number): string {
  return `${Math.ceil(bytes / 1e6).toLocaleString('en')} MB`;
}

interface Dawn {
  create(options: string[]): GPU;
}

/** Dawn's own binding. It is an optional dependency, so its types can't be relied on to be there. */
async function importDawn(): Promise<Dawn> {
  const name: string = 'webgpu';
  try {
    return (await import(name)) as Dawn;
  } catch (error) {
    throw new Error(`${installAdvice} (${(error as Error).message.split('\n')[0]})`);
  }
}
