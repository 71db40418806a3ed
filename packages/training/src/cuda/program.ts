import type { Graph, Value } from '@parapet/onnx-graph/graph';
import { type Accelerator, type PinnedMemory, pointer, type Recording } from '@parapet/runtime/accelerator';
import { elementsOf } from './coordinates.ts';
import { bytesOf } from './formulas.ts';
import type { KernelLibrary } from './kernel-library.ts';
import { type Place, type Plan, planGraph } from './plan.ts';

/** Memory for what programs compute on the way: one piece for all, as they never run at once. */
export class ScratchMemory {
  address = 0n;
  #bytes = 0;

  constructor(private readonly accelerator: Accelerator) {}

  /** Makes room; what was recorded over the old address must be recorded again. */
  ensure(bytes: number): void {
    if (bytes <= this.#bytes) return;
    this.release();
    this.address = this.accelerator.allocate(bytes);
    this.#bytes = bytes;
  }

  release(): void {
    if (this.#bytes > 0) this.accelerator.free(this.address);
    this.#bytes = 0;
  }
}

export interface ProgramParts {
  accelerator: Accelerator;
  library: KernelLibrary;
  scratch: ScratchMemory;
  /** The address of a value that lives in memory of the caller's: weights, trained numbers, gradients. */
  addressOf: (value: Value) => bigint | undefined;
  /** False = every piece of work is given to the device on its own, as a profiler wants it. */
  record: boolean;
}

const alignment = 64;

/**
 * Graphs of fixed sizes that run one after another as one recorded piece of work. Inputs and outputs without an
 * address of the caller's are the program's: written and read here, moved to the device and back within the recording.
 */
export class Program {
  readonly #plans: readonly Plan[];
  readonly #addresses = new Map<Value, bigint>();
  readonly #inputs = new Map<string, Uint8Array>();
  readonly #outputs = new Map<string, Uint8Array>();
  #input: { device: bigint; pinned: PinnedMemory } | null = null;
  #output: { device: bigint; pinned: PinnedMemory } | null = null;
  #recording: Recording | null = null;
  #recordedOver = 0n;
  #ran = false;

  constructor(
    private readonly parts: ProgramParts,
    graphs: readonly Graph[],
  ) {
    const { library, scratch } = parts;
    this.#plans = graphs.map(planGraph);
    library.compile(
      this.#plans.flatMap(({ steps }) => steps.flatMap((step) => (step.kind === 'kernel' ? [step.text] : []))),
    );
    scratch.ensure(Math.max(...this.#plans.map(({ scratchBytes }) => scratchBytes)));
    const open: Value[] = [];
    for (const value of this.#plans.flatMap(({ external }) => [...external])) {
      const address = parts.addressOf(value);
      if (address === undefined) open.push(value);
      else this.#addresses.set(value, address);
    }
    const made = new Set(graphs.flatMap(({ outputs }) => outputs));
    this.#input = this.#block(
      open.filter((value) => !made.has(value)),
      this.#inputs,
    );
    this.#output = this.#block(
      open.filter((value) => made.has(value)),
      this.#outputs,
    );
  }

  /** Steps that the device is given for one run. */
  get steps(): number {
    return this.#plans.reduce((sum, { steps }) => sum + steps.length, 0);
  }

  /** Fills an input; what the graphs don't read is passed over. */
  write(name: string, data: ArrayBufferView): void {
    const bytes = this.#inputs.get(name);
    if (bytes === undefined) return;
    if (bytes.length !== data.byteLength) throw new Error(`Input "${name}" takes ${bytes.length} bytes.`);
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }

  /** An output of the last run, copied. */
  read(name: string): Uint8Array<ArrayBuffer> {
    return Uint8Array.from(this.#outputs.get(name)!);
  }

  /** Starts one run; its outputs are there when the device is idle. */
  start(): void {
    const { accelerator, scratch } = this.parts;
    if (this.#recording !== null && this.#recordedOver !== scratch.address) this.#forget();
    if (!this.#ran || !this.parts.record) {
      // Once for real: libraries load their kernels at the first call, which can't be recorded.
      this.#ran = true;
      this.#enqueue();
      return;
    }
    if (this.#recording === null) {
      this.#recording = accelerator.record(() => this.#enqueue());
      this.#recordedOver = scratch.address;
    }
    this.#recording.launch();
  }

  release(): void {
    this.#forget();
    for (const block of [this.#input, this.#output]) {
      if (block === null) continue;
      this.parts.accelerator.free(block.device);
      this.parts.accelerator.freePinned(block.pinned);
    }
    this.#input = null;
    this.#output = null;
  }

  #forget(): void {
    this.#recording?.release();
    this.#recording = null;
  }

  /** Memory for values side by side, on the device and pinned; `views` are the parts of the pinned one. */
  #block(values: readonly Value[], views: Map<string, Uint8Array>): { device: bigint; pinned: PinnedMemory } | null {
    if (values.length === 0) return null;
    const { accelerator } = this.parts;
    let bytes = 0;
    const placed = values.map((value) => {
      const part = { value, offset: bytes, size: elementsOf(value.shape) * bytesOf(value.dtype) };
      bytes += Math.ceil(part.size / alignment) * alignment;
      return part;
    });
    const block = { device: accelerator.allocate(bytes), pinned: accelerator.allocatePinned(bytes) };
    for (const { value, offset, size } of placed) {
      this.#addresses.set(value, block.device + BigInt(offset));
      views.set(value.name, block.pinned.bytes.subarray(offset, offset + size));
    }
    return block;
  }

  #enqueue(): void {
    const { accelerator, library, scratch } = this.parts;
    const address = (place: Place) =>
      typeof place === 'number' ? scratch.address + BigInt(place) : this.#addresses.get(place)!;
    if (this.#input !== null) {
      const { device, pinned } = this.#input;
      accelerator.copyIn(device, pinned, pinned.bytes.length);
    }
    for (const { steps } of this.#plans) {
      for (const step of steps) {
        if (step.kind === 'product') {
          const { call } = step.product;
          accelerator.multiply({ ...call, a: address(step.a), b: address(step.b), c: address(step.c) });
        } else {
          const args = step.args.map((place) => pointer(address(place)));
          accelerator.launch(library.handle(step.text), [step.grid], step.threads, args);
        }
      }
    }
    if (this.#output !== null) {
      const { device, pinned } = this.#output;
      accelerator.copyOut(pinned, device, pinned.bytes.length);
    }
  }
}
