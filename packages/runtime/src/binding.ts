import { koffi } from './ffi.ts';
import type { Runtime } from './runtime.ts';
import { Tensor } from './tensor.ts';

/**
 * IoBinding: inputs and outputs bound by name to tensors on any device. An input and an output may be the same memory
 * (a KV cache written in place). Bound tensors are kept alive by the binding.
 */
export class Binding {
  private readonly pointer: bigint;
  private readonly bound = new Map<string, Tensor>();
  private readonly outputs: string[] = [];

  constructor(
    private readonly runtime: Runtime,
    private readonly session: bigint,
  ) {
    this.pointer = runtime.library.create('CreateIoBinding', session);
  }

  bindInput(name: string, tensor: Tensor): void {
    this.runtime.library.call('BindInput', this.pointer, name, tensor.value);
    this.bound.set(`input ${name}`, tensor);
  }

  bindOutput(name: string, tensor: Tensor): void {
    this.runtime.library.call('BindOutput', this.pointer, name, tensor.value);
    this.bound.set(`output ${name}`, tensor);
    if (!this.outputs.includes(name)) this.outputs.push(name);
  }

  /** Lets ONNX Runtime allocate the output on a device; read it with `takeOutputs`. */
  bindOutputToDevice(name: string, device: 'cpu' | 'cuda'): void {
    const memory = device === 'cpu' ? this.runtime.cpuMemory : this.runtime.deviceMemory(device);
    this.runtime.library.call('BindOutputToDevice', this.pointer, name, memory);
    if (!this.outputs.includes(name)) this.outputs.push(name);
  }

  /** Runs once, blocking. */
  run(): void {
    this.runtime.library.call('RunWithBinding', this.session, null, this.pointer);
  }

  /** Runs once on another thread; bind nothing until it is done. */
  runAsync(): Promise<void> {
    return this.runtime.library.callAsync('RunWithBinding', this.session, null, this.pointer);
  }

  /** The outputs of the last run by name, as new references the caller releases. */
  takeOutputs(): Map<string, Tensor> {
    const { library, allocator } = this.runtime;
    const list = new BigUint64Array(1);
    const count = new BigUint64Array(1);
    library.call('GetBoundOutputValues', this.pointer, allocator, list, count);
    const values = koffi.decode(list[0]!, koffi.array('void *', Number(count[0]!), 'Array')) as bigint[];
    library.call('AllocatorFree', allocator, list[0]!);
    return new Map(values.map((value, index) => [this.outputs[index]!, Tensor.adopt(this.runtime, value)]));
  }

  clear(): void {
    this.runtime.library.release('ClearBoundInputs', this.pointer);
    this.runtime.library.release('ClearBoundOutputs', this.pointer);
    this.bound.clear();
    this.outputs.length = 0;
  }

  release(): void {
    this.runtime.library.release('ReleaseIoBinding', this.pointer);
    this.bound.clear();
  }
}
