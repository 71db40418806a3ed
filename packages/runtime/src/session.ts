import { Binding } from './binding.ts';
import type { Runtime } from './runtime.ts';
import type { SharedWeights } from './session-options.ts';
import { Tensor } from './tensor.ts';

/** A model ready to run. Not for two runs at a time over one `Binding`; otherwise runs may overlap. */
export class Session {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  private readonly cNames = new Map<string, Uint8Array>();
  private released = false;

  constructor(
    private readonly runtime: Runtime,
    /** The OrtSession. */
    readonly pointer: bigint,
    private readonly weights: SharedWeights | undefined,
  ) {
    weights?.retain(this);
    const { library } = runtime;
    const names = (
      count: 'SessionGetInputCount' | 'SessionGetOutputCount',
      name: 'SessionGetInputName' | 'SessionGetOutputName',
    ) =>
      Array.from({ length: Number(library.create(count, pointer)) }, (_, index) =>
        runtime.takeString(library.create(name, pointer, index, runtime.allocator)),
      );
    this.inputNames = names('SessionGetInputCount', 'SessionGetInputName');
    this.outputNames = names('SessionGetOutputCount', 'SessionGetOutputName');
    for (const name of [...this.inputNames, ...this.outputNames]) {
      this.cNames.set(name, new TextEncoder().encode(`${name}\0`));
    }
  }

  /**
   * Runs once, blocking. Outputs are those of `fetches`: a tensor there is written in place, null is allocated by ONNX
   * Runtime and must be released by the caller.
   */
  run(
    feeds: Readonly<Record<string, Tensor>>,
    fetches: Readonly<Record<string, Tensor | null>>,
  ): Record<string, Tensor> {
    const call = this.prepare(feeds, fetches);
    this.runtime.library.call('Run', ...call.args);
    return call.collect();
  }

  /** The same on another thread. */
  async runAsync(
    feeds: Readonly<Record<string, Tensor>>,
    fetches: Readonly<Record<string, Tensor | null>>,
  ): Promise<Record<string, Tensor>> {
    const call = this.prepare(feeds, fetches);
    await this.runtime.library.callAsync('Run', ...call.args);
    return call.collect();
  }

  /** A set of inputs and outputs bound by name, for runs that repeat with few changes. */
  createBinding(): Binding {
    return new Binding(this.runtime, this.pointer);
  }

  /** Closes the profile and returns its path. */
  endProfiling(): string {
    const { library, allocator } = this.runtime;
    return this.runtime.takeString(library.create('SessionEndProfiling', this.pointer, allocator));
  }

  /** Gives the session's memory back. Safe to call twice; no run may be under way. */
  release(): void {
    if (this.released) return;
    this.released = true;
    this.runtime.library.release('ReleaseSession', this.pointer);
    this.weights?.forget(this);
  }

  private prepare(feeds: Readonly<Record<string, Tensor>>, fetches: Readonly<Record<string, Tensor | null>>) {
    if (this.released) throw new Error('This session was released.');
    const inputs = Object.entries(feeds);
    const outputs = Object.entries(fetches);
    const nameOf = (name: string) => {
      const bytes = this.cNames.get(name);
      if (bytes === undefined) throw new Error(`The model has no input or output named "${name}".`);
      return this.runtime.addressOf(bytes);
    };
    const inputNames = BigUint64Array.from(inputs, ([name]) => nameOf(name));
    const inputValues = BigUint64Array.from(inputs, ([, tensor]) => tensor.value);
    const outputNames = BigUint64Array.from(outputs, ([name]) => nameOf(name));
    const outputValues = BigUint64Array.from(outputs, ([, tensor]) => tensor?.value ?? 0n);
    return {
      args: [
        this.pointer,
        null,
        inputNames,
        inputValues,
        inputs.length,
        outputNames,
        outputs.length,
        outputValues,
      ] as const,
      collect: () =>
        Object.fromEntries(
          outputs.map(([name, tensor], index) => [name, tensor ?? Tensor.adopt(this.runtime, outputValues[index]!)]),
        ),
    };
  }
}
