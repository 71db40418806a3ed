import type { OperatorLibrary } from './operators/operator-library.ts';
import type { Runtime } from './runtime.ts';
import type { Tensor } from './tensor.ts';

export interface SessionOptions {
  /** Threads within an operator; 0 or absent = one a core. */
  threads?: number;
  /** Whether idle threads spin for work (faster steps, one busy core); the default is ONNX Runtime's (true). */
  spinning?: boolean;
  optimization?: 'none' | 'basic' | 'extended' | 'all';
  /** False cuts the peak by about a quarter where shapes change. */
  memoryPattern?: boolean;
  /** False stores no second, packed copy of weights: less memory, 10–25% slower. */
  prepacking?: boolean;
  /** Further entries, as in onnxruntime_session_options_config_keys.h. */
  config?: Readonly<Record<string, string>>;
  /** Writes a profile of every node to this path prefix; `Session.endProfiling` closes it. */
  profilePrefix?: string;
  /** Writes the optimised graph there. */
  optimizedModelPath?: string;
  /** Libraries with operators of our own (see `OperatorLibrary`). */
  operators?: readonly OperatorLibrary[];
  /** Execution providers by preference; the CPU's is always last. */
  providers?: readonly ExecutionProvider[];
}

export type ExecutionProvider =
  | { name: 'cuda'; options: Readonly<Record<string, string>> }
  | { name: string; options: Readonly<Record<string, string>> };

const errorLevel = 3;
const optimizationLevels = { none: 0, basic: 1, extended: 2, all: 99 } as const;

/** Weights that sessions share: initialisers by name over one memory, and what kernels made of them by packing. */
export class SharedWeights {
  readonly container: bigint;
  private readonly sessions = new Set<object>();

  constructor(
    private readonly runtime: Runtime,
    /** Initialiser name → tensor; a session takes those that its graph names. */
    readonly tensors: ReadonlyMap<string, Tensor>,
  ) {
    this.container = runtime.library.create('CreatePrepackedWeightsContainer');
  }

  /** Sessions over these weights keep them alive; they register here. */
  retain(session: object): void {
    this.sessions.add(session);
  }

  forget(session: object): void {
    this.sessions.delete(session);
  }

  /** Releases the packed weights. Throws while a session still runs on them. */
  release(): void {
    if (this.sessions.size > 0) throw new Error(`${this.sessions.size} sessions still use these weights.`);
    this.runtime.library.release('ReleasePrepackedWeightsContainer', this.container);
    for (const tensor of this.tensors.values()) tensor.release();
  }
}

/** Makes OrtSessionOptions, hands them to `use`, releases them when it is done. */
export function withSessionOptions<R>(
  runtime: Runtime,
  options: SessionOptions,
  weights: SharedWeights | undefined,
  use: (pointer: bigint) => R,
): R {
  const { library } = runtime;
  const pointer = library.create('CreateSessionOptions');
  const release = () => library.release('ReleaseSessionOptions', pointer);
  let result: R;
  try {
    configure(runtime, pointer, options, weights);
    result = use(pointer);
  } catch (error) {
    release();
    throw error;
  }
  if (result instanceof Promise) return result.finally(release) as R;
  release();
  return result;
}

function configure(
  runtime: Runtime,
  pointer: bigint,
  options: SessionOptions,
  weights: SharedWeights | undefined,
): void {
  const { library } = runtime;
  const config: Record<string, string> = { ...options.config };
  if (runtime.sharedThreads !== null) library.call('DisablePerSessionThreads', pointer);
  else if (options.threads !== undefined && options.threads > 0) {
    library.call('SetIntraOpNumThreads', pointer, options.threads);
  }
  if (options.spinning !== undefined) config['session.intra_op.allow_spinning'] = options.spinning ? '1' : '0';
  if (options.prepacking === false) config['session.disable_prepacking'] = '1';
  if (options.memoryPattern === false) library.call('DisableMemPattern', pointer);
  if (options.profilePrefix !== undefined) library.call('EnableProfiling', pointer, options.profilePrefix);
  if (options.optimizedModelPath !== undefined) {
    library.call('SetOptimizedModelFilePath', pointer, options.optimizedModelPath);
  }
  library.call('SetSessionGraphOptimizationLevel', pointer, optimizationLevels[options.optimization ?? 'all']);
  library.call('SetSessionLogSeverityLevel', pointer, errorLevel);
  for (const [key, value] of Object.entries(config)) library.call('AddSessionConfigEntry', pointer, key, value);
  for (const { path } of options.operators ?? []) library.call('RegisterCustomOpsLibrary_V2', pointer, path);
  for (const provider of options.providers ?? []) appendProvider(runtime, pointer, provider);
  // A shared initialiser is used where it lies: a session on a device reads a copy of its own from the model's file.
  if ((options.providers ?? []).length > 0) return;
  for (const [name, tensor] of weights?.tensors ?? []) library.call('AddInitializer', pointer, name, tensor.value);
}

function appendProvider(runtime: Runtime, session: bigint, provider: ExecutionProvider): void {
  const { library } = runtime;
  const encoder = new TextEncoder();
  const strings = (values: readonly string[]) => {
    const buffers = values.map((value) => encoder.encode(`${value}\0`));
    return { buffers, pointers: BigUint64Array.from(buffers, (buffer) => runtime.addressOf(buffer)) };
  };
  const keys = strings(Object.keys(provider.options));
  const values = strings(Object.values(provider.options));
  const count = keys.buffers.length;
  if (provider.name !== 'cuda') {
    library.call(
      'SessionOptionsAppendExecutionProvider',
      session,
      provider.name,
      keys.pointers,
      values.pointers,
      count,
    );
    return;
  }
  const cuda = library.create('CreateCUDAProviderOptions');
  try {
    library.call('UpdateCUDAProviderOptions', cuda, keys.pointers, values.pointers, count);
    library.call('SessionOptionsAppendExecutionProvider_CUDA_V2', session, cuda);
  } finally {
    library.release('ReleaseCUDAProviderOptions', cuda);
  }
}
