import { type ElementType, type ElementView, elementTypeOf, elementTypes } from './element-type.ts';
import { koffi } from './ffi.ts';
import type { Memory } from './memory.ts';
import type { Runtime } from './runtime.ts';

/** Elements of a shape. */
export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, dim) => product * dim, 1);
}

/**
 * An OrtValue: dtype, shape and memory on one device. Made over a caller's memory it copies nothing, in or out; the
 * caller's memory is kept alive as long as the tensor is.
 */
export class Tensor<T extends ElementType = ElementType> {
  private released = false;

  private constructor(
    private readonly runtime: Runtime,
    /** The OrtValue. */
    readonly value: bigint,
    readonly dtype: T,
    readonly shape: readonly number[],
    /** Address on the device (of the host where `device` is cpu). */
    readonly address: bigint,
    readonly device: 'cpu' | 'cuda',
    /** What must not be collected before this tensor. */
    readonly keepAlive: unknown,
    private view: ElementView<T> | null,
  ) {}

  /** A tensor over a typed array: no copy. Its length must be that of the shape. */
  static over<T extends ElementType>(
    runtime: Runtime,
    dtype: T,
    shape: readonly number[],
    data: ElementView<T>,
  ): Tensor<T> {
    if (data.length !== elementCount(shape)) {
      throw new Error(
        `A ${dtype} tensor of shape [${shape}] needs ${elementCount(shape)} elements, not ${data.length}.`,
      );
    }
    const address = data.byteLength === 0 ? runtime.emptyAddress : koffi.address(data);
    const value = runtime.createValue(runtime.cpuMemory, address, data.byteLength, dtype, shape);
    return new Tensor(runtime, value, dtype, shape, address, 'cpu', data, data);
  }

  /** A tensor over part of a native memory block, `byteOffset` from its start: no copy. */
  static within<T extends ElementType>(
    runtime: Runtime,
    dtype: T,
    shape: readonly number[],
    memory: Memory,
    byteOffset = 0,
  ): Tensor<T> {
    const bytes = elementCount(shape) * elementTypes[dtype].bytes;
    if (byteOffset < 0 || byteOffset + bytes > memory.byteLength) {
      throw new Error(`A tensor of ${bytes} bytes at ${byteOffset} leaves its memory of ${memory.byteLength} bytes.`);
    }
    const address = memory.address + BigInt(byteOffset);
    const info = memory.device === 'cpu' ? runtime.cpuMemory : runtime.deviceMemory(memory.device);
    const value = runtime.createValue(info, address, bytes, dtype, shape);
    return new Tensor(runtime, value, dtype, shape, address, memory.device, memory, null);
  }

  /** New zeroed host memory of that shape. */
  static zeros<T extends ElementType>(runtime: Runtime, dtype: T, shape: readonly number[]): Tensor<T> {
    const data = new elementTypes[dtype].view(elementCount(shape)) as ElementView<T>;
    return Tensor.over(runtime, dtype, shape, data);
  }

  /** Takes over an OrtValue that ONNX Runtime made (an output). */
  static adopt(runtime: Runtime, value: bigint, device: 'cpu' | 'cuda' = 'cpu'): Tensor {
    const { code, shape, address } = runtime.describeValue(value);
    return new Tensor(runtime, value, elementTypeOf(code), shape, address, device, null, null);
  }

  /** The elements, without a copy. Host tensors only; invalid after `release` when ONNX Runtime owns the memory. */
  get data(): ElementView<T> {
    if (this.device !== 'cpu') throw new Error('A device tensor has no host view: copy it first.');
    if (this.released) throw new Error('This tensor was released.');
    if (this.view === null) {
      const { view, bytes } = elementTypes[this.dtype];
      const length = elementCount(this.shape);
      const buffer = length === 0 ? new ArrayBuffer(0) : koffi.view(this.address, length * bytes);
      this.view = new view(buffer) as ElementView<T>;
    }
    return this.view;
  }

  get byteLength(): number {
    return elementCount(this.shape) * elementTypes[this.dtype].bytes;
  }

  /** Gives the OrtValue back (and its memory when ONNX Runtime owns it). Safe to call twice. */
  release(): void {
    if (this.released) return;
    this.released = true;
    this.view = null;
    this.runtime.library.release('ReleaseValue', this.value);
  }
}
