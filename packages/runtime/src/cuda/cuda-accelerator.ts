import { koffi } from '../ffi.ts';
import type {
  Accelerator,
  CompiledKernels,
  KernelArgument,
  MatrixProduct,
  PinnedMemory,
  Recording,
} from './accelerator.ts';
import { Cublas, workspaceBytes } from './cublas.ts';
import { type CudaCard, CudaDriver, CudaError, listCards } from './driver.ts';
import { findCudaLibrary, librarySearchPath, nvrtcCompanions, preload } from './libraries.ts';
import { Nvrtc } from './nvrtc.ts';

const nonBlockingStream = 1;
const globalCapture = 0;
const maxArguments = 32;
const outOfMemory = 2;

export interface CudaOptions {
  /** Which card. */
  ordinal?: number;
  /** Folders with NVIDIA's libraries, separated like PATH, before the system's own. */
  libraryPath?: string;
}

/** An NVIDIA card, through the driver, NVRTC and cuBLAS. Calls come from the thread that made it. */
export class CudaAccelerator implements Accelerator {
  readonly name: string;
  private readonly context: bigint;
  private readonly stream: bigint;
  private readonly cublas: Cublas;
  private readonly workspace: bigint;
  private readonly modules = new Set<bigint>();
  private readonly events: { start: bigint; end: bigint };
  /** Arguments of one launch, and the addresses of its slots: the driver reads both during the call. */
  private readonly slots = new DataView(new ArrayBuffer(maxArguments * 8));
  private readonly slotAddresses: BigUint64Array;

  private constructor(
    private readonly driver: CudaDriver,
    private readonly nvrtc: Nvrtc,
    readonly card: CudaCard,
    cublasPath: string,
  ) {
    this.name = card.name;
    this.context = driver.create('cuDevicePrimaryCtxRetain', driver.integer('cuDeviceGet', card.ordinal));
    driver.call('cuCtxSetCurrent', this.context);
    this.stream = driver.create('cuStreamCreate', nonBlockingStream);
    this.events = { start: driver.create('cuEventCreate', 0), end: driver.create('cuEventCreate', 0) };
    this.workspace = this.allocate(workspaceBytes);
    this.cublas = new Cublas(cublasPath, this.stream, this.workspace);
    const base = koffi.address(new Uint8Array(this.slots.buffer));
    this.slotAddresses = BigUint64Array.from({ length: maxArguments }, (_, i) => base + BigInt(i * 8));
  }

  /** Opens a card. Throws a sentence that says which part is missing and what to do. */
  static open(options: CudaOptions = {}): CudaAccelerator {
    const folders = librarySearchPath(options.libraryPath);
    const need = (name: Parameters<typeof findCudaLibrary>[0], advice: string) => {
      const found = findCudaLibrary(name, folders);
      if (found === null) throw new Error(`CUDA can't be used: ${advice}. \`parapet doctor\` shows the whole picture.`);
      return found.path;
    };
    const driver = new CudaDriver(need('driver', "the NVIDIA driver's libcuda.so.1 is not installed"));
    const ordinal = options.ordinal ?? 0;
    const card = listCards(driver)[ordinal];
    if (card === undefined) throw new Error(`CUDA can't be used: this machine has no card number ${ordinal}.`);
    const nvrtc = need('nvrtc', 'libnvrtc was not found (package nvidia-cuda-nvrtc, or the CUDA toolkit)');
    const cublasLt = need('cublasLt', 'libcublasLt was not found (package nvidia-cublas, or the CUDA toolkit)');
    const cublas = need('cublas', 'libcublas was not found (package nvidia-cublas, or the CUDA toolkit)');
    preload([cublasLt, ...nvrtcCompanions(nvrtc)]); // named only by soname
    return new CudaAccelerator(driver, new Nvrtc(nvrtc), card, cublas);
  }

  freeMemoryBytes(): number {
    const free = new BigUint64Array(16);
    const total = new BigUint64Array(16);
    this.driver.call('cuMemGetInfo_v2', free, total);
    return Number(free[0]!);
  }

  allocate(bytes: number): bigint {
    try {
      return this.driver.create('cuMemAlloc_v2', Math.max(bytes, 16));
    } catch (error) {
      if (!(error instanceof CudaError) || error.code !== outOfMemory) throw error;
      const free = (this.freeMemoryBytes() / 1e9).toFixed(1);
      const wanted = (bytes / 1e9).toFixed(1);
      throw new Error(
        `${this.name} has ${free} GB free, ${wanted} GB more are needed: lower the KV cache or the rows.`,
      );
    }
  }

  free(address: bigint): void {
    this.driver.call('cuMemFree_v2', address);
  }

  allocatePinned(bytes: number): PinnedMemory {
    const address = this.driver.create('cuMemAllocHost_v2', bytes);
    return { address, bytes: new Uint8Array(koffi.view(address, bytes)) };
  }

  freePinned(memory: PinnedMemory): void {
    this.driver.call('cuMemFreeHost', memory.address);
  }

  upload(to: bigint, from: ArrayBufferView): void {
    if (from.byteLength === 0) return;
    this.driver.call('cuStreamSynchronize', this.stream);
    this.driver.call('cuMemcpyHtoD_v2', to, from, from.byteLength);
  }

  download(to: ArrayBufferView, from: bigint): void {
    if (to.byteLength === 0) return;
    this.driver.call('cuStreamSynchronize', this.stream);
    this.driver.call('cuMemcpyDtoH_v2', to, from, to.byteLength);
  }

  copyIn(to: bigint, from: PinnedMemory, bytes: number): void {
    this.driver.call('cuMemcpyHtoDAsync_v2', to, from.address, bytes, this.stream);
  }

  copyOut(to: PinnedMemory, from: bigint, bytes: number): void {
    this.driver.call('cuMemcpyDtoHAsync_v2', to.address, from, bytes, this.stream);
  }

  compile(source: string, definitions: Readonly<Record<string, string>>): CompiledKernels {
    const image = this.nvrtc.compile(source, this.card.major * 10 + this.card.minor, definitions);
    const module = this.driver.create('cuModuleLoadData', image);
    this.modules.add(module);
    return {
      kernel: (name) => this.driver.create('cuModuleGetFunction', module, name),
      release: () => {
        if (this.modules.delete(module)) this.driver.call('cuModuleUnload', module);
      },
    };
  }

  launch(
    kernel: bigint,
    [x, y = 1, z = 1]: readonly [number, number?, number?],
    threads: number,
    args: readonly KernelArgument[],
  ): void {
    for (let i = 0; i < args.length; i++) {
      const { kind, value } = args[i]!;
      if (kind === 'pointer') this.slots.setBigUint64(i * 8, value, true);
      else if (kind === 'int32') this.slots.setInt32(i * 8, value, true);
      else if (kind === 'int64') this.slots.setBigInt64(i * 8, BigInt(value), true);
      else this.slots.setFloat32(i * 8, value, true);
    }
    this.driver.call('cuLaunchKernel', kernel, x, y, z, threads, 1, 1, 0, this.stream, this.slotAddresses, null);
  }

  multiply(product: MatrixProduct): void {
    this.cublas.multiply(product);
  }

  record(work: () => void): Recording {
    this.driver.call('cuStreamBeginCapture_v2', this.stream, globalCapture);
    let graph: bigint;
    try {
      work();
    } finally {
      graph = this.driver.createLast('cuStreamEndCapture', this.stream);
    }
    const executable = this.driver.create('cuGraphInstantiateWithFlags', graph, 0);
    this.driver.call('cuGraphDestroy', graph);
    return {
      launch: () => this.driver.call('cuGraphLaunch', executable, this.stream),
      release: () => this.driver.call('cuGraphExecDestroy', executable),
    };
  }

  async idle(): Promise<void> {
    while (!this.driver.isIdle(this.stream)) await new Promise(setImmediate);
  }

  mark(at: 'start' | 'end'): void {
    this.driver.call('cuEventRecord', this.events[at], this.stream);
  }

  elapsedMicros(): number {
    const out = new Float32Array(32);
    this.driver.call('cuEventElapsedTime', out, this.events.start, this.events.end);
    return Math.round(out[0]! * 1000);
  }

  close(): void {
    this.driver.call('cuStreamSynchronize', this.stream);
    this.cublas.close();
    this.free(this.workspace);
    for (const module of this.modules) this.driver.call('cuModuleUnload', module);
    for (const event of Object.values(this.events)) this.driver.call('cuEventDestroy_v2', event);
    this.driver.call('cuStreamDestroy_v2', this.stream);
    this.driver.call('cuDevicePrimaryCtxRelease_v2', this.driver.integer('cuDeviceGet', this.card.ordinal));
  }
}
