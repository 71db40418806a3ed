/** What a kernel is given: addresses of device memory (0n = null), 32-bit integers, 64-bit integers, floats. */
export type KernelArgument =
  | { kind: 'pointer'; value: bigint }
  | { kind: 'int32'; value: number }
  | { kind: 'int64'; value: number }
  | { kind: 'float32'; value: number };

export const pointer = (value: bigint): KernelArgument => ({ kind: 'pointer', value });
export const int32 = (value: number): KernelArgument => ({ kind: 'int32', value });
export const int64 = (value: number): KernelArgument => ({ kind: 'int64', value });
export const float32 = (value: number): KernelArgument => ({ kind: 'float32', value });

/** Elements on the device. */
export type DeviceType = 'float32' | 'float16';
export const deviceTypeBytes = { float32: 4, float16: 2 } as const;

/**
 * C[m, n] = alpha · A · B, all row-major; A is `[m, k]`, or `[k, m]` when `transposedA`; B is `[k, n]`, or `[n, k]` when
 * `transposed`.
 */
export interface MatrixProduct {
  m: number;
  n: number;
  k: number;
  alpha?: number;
  a: bigint;
  /** Elements from one row to the next, here and below. */
  pitchA: number;
  b: bigint;
  pitchB: number;
  transposed?: boolean;
  transposedA?: boolean;
  /** Lets float32 products round their factors to 10 bits of mantissa: several times as fast, good for training. */
  tf32?: boolean;
  /** Of A and B. */
  type: DeviceType;
  c: bigint;
  pitchC: number;
  typeC: DeviceType;
  /** The same product over several matrices, `stride` elements apart each. */
  batch?: { count: number; strideA: number; strideB: number; strideC: number };
}

/** Page-locked host memory that the device reads and writes by itself. */
export interface PinnedMemory {
  readonly address: bigint;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

export interface CompiledKernels {
  /** The kernel's handle; throws when the source has none of that name. */
  kernel(name: string): bigint;
  /** Takes the kernels off the device; nothing that was recorded with them may be started any more. */
  release(): void;
}

/** A sequence of device work that was recorded once and is started as one. */
export interface Recording {
  launch(): void;
  release(): void;
}

/**
 * A device that runs kernels in the order they are given, on one queue. Everything but the methods that say otherwise
 * returns before the device is done. Two implementations: an NVIDIA card, and the host (for tests).
 */
export interface Accelerator {
  /** The hardware in words. */
  readonly name: string;
  /** Memory not yet taken, in bytes. */
  freeMemoryBytes(): number;
  /** New device memory. Throws a sentence when there is not enough. */
  allocate(bytes: number): bigint;
  free(address: bigint): void;
  allocatePinned(bytes: number): PinnedMemory;
  freePinned(memory: PinnedMemory): void;
  /** Host to device; done on return. */
  upload(to: bigint, from: ArrayBufferView): void;
  /** Device to host; done on return, after all earlier work. */
  download(to: ArrayBufferView, from: bigint): void;
  /** Pinned memory to device. */
  copyIn(to: bigint, from: PinnedMemory, bytes: number): void;
  /** Device to pinned memory. */
  copyOut(to: PinnedMemory, from: bigint, bytes: number): void;
  /** Compiles CUDA C++ with definitions. Throws with the compiler's words. */
  compile(source: string, definitions: Readonly<Record<string, string>>): CompiledKernels;
  launch(
    kernel: bigint,
    grid: readonly [number, number?, number?],
    threads: number,
    args: readonly KernelArgument[],
  ): void;
  multiply(product: MatrixProduct): void;
  /** Records what `work` gives to the device (which is not run now). `work` may not wait or allocate. */
  record(work: () => void): Recording;
  /** Waits, without blocking the event loop, until the device has nothing left to do. */
  idle(): Promise<void>;
  /** Notes a moment in the queue. */
  mark(at: 'start' | 'end'): void;
  /** Microseconds of device time between the last two marks, both reached. */
  elapsedMicros(): number;
  close(): void;
}
