import { type ElementType, elementTypes } from './element-type.ts';
import { koffi } from './ffi.ts';
import { findLibrary, OrtLibrary } from './library.ts';
import { Session } from './session.ts';
import { type SessionOptions, type SharedWeights, withSessionOptions } from './session-options.ts';

const cpuDeviceAllocator = 0;
const defaultMemory = 0;
const warningLevel = 2;

/** Where a model comes from: its bytes (external data beside `folder`), or a file. */
export type ModelSource = { bytes: Uint8Array; folder?: string } | { path: string };

type SessionCreation = [
  (
    | 'CreateSession'
    | 'CreateSessionFromArray'
    | 'CreateSessionWithPrepackedWeightsContainer'
    | 'CreateSessionFromArrayWithPrepackedWeightsContainer'
  ),
  ...(bigint | number | string | Uint8Array)[],
];

/** Threads of one pool for all sessions: sessions that take turns then don't spin against each other. */
export interface SharedThreads {
  /** Threads within an operator; 0 = one a core. */
  threads: number;
  /** Whether idle threads spin for work before they sleep. */
  spinning: boolean;
}

const opened = new Map<string, Runtime>();

/**
 * ONNX Runtime through its C API, from the library file that onnxruntime-node ships (or another of the same API: the
 * CUDA build). One environment a process and library.
 */
export class Runtime {
  readonly environment: bigint;
  /** OrtMemoryInfo of host memory. */
  readonly cpuMemory: bigint;
  /** The default host allocator, owned by the library. */
  readonly allocator: bigint;
  private readonly deviceMemories = new Map<string, bigint>();
  private readonly emptyBytes = new Uint8Array(64);
  /** A valid address for tensors of no elements. */
  readonly emptyAddress: bigint = koffi.address(this.emptyBytes);

  private constructor(
    readonly library: OrtLibrary,
    /** Set = sessions use the environment's threads and ignore their own `threads`. */
    readonly sharedThreads: SharedThreads | null,
  ) {
    this.environment = createEnvironment(library, sharedThreads);
    this.cpuMemory = library.create('CreateMemoryInfo', 'Cpu', cpuDeviceAllocator, 0, defaultMemory);
    this.allocator = library.create('GetAllocatorWithDefaultOptions');
  }

  /**
   * Opens the library (once a process and path; the first call settles `sharedThreads`). Throws a sentence that says
   * what to do when it is missing.
   */
  static open(options: { libraryPath?: string; sharedThreads?: SharedThreads } = {}): Runtime {
    const path = options.libraryPath ?? findLibrary();
    let runtime = opened.get(path);
    if (runtime === undefined) {
      runtime = new Runtime(new OrtLibrary(path), options.sharedThreads ?? null);
      opened.set(path, runtime);
    }
    return runtime;
  }

  get version(): string {
    return this.library.version;
  }

  /** Names of the execution providers in this library, such as CPUExecutionProvider. */
  availableProviders(): string[] {
    const list = new BigUint64Array(1);
    const count = new Int32Array(1);
    this.library.call('GetAvailableProviders', list, count);
    const names = koffi.decode(list[0]!, koffi.array('str', count[0]!)) as string[];
    this.library.call('ReleaseAvailableProviders', list[0]!, count[0]!);
    return names;
  }

  /** OrtMemoryInfo of a device's memory. */
  deviceMemory(device: 'cuda', id = 0): bigint {
    let info = this.deviceMemories.get(`${device}:${id}`);
    if (info === undefined) {
      info = this.library.create('CreateMemoryInfo', 'Cuda', cpuDeviceAllocator, id, defaultMemory);
      this.deviceMemories.set(`${device}:${id}`, info);
    }
    return info;
  }

  /** A session over a model. `weights` are shared with every other session that names them: one copy in memory. */
  createSession(model: ModelSource, options: SessionOptions = {}, weights?: SharedWeights): Session {
    const pointer = withSessionOptions(this, options, weights, (optionsPointer) =>
      this.library.create(...this.creation(model, optionsPointer, weights)),
    );
    return new Session(this, pointer, weights);
  }

  /** The same on another thread: loading takes seconds for a large model. */
  async createSessionAsync(
    model: ModelSource,
    options: SessionOptions = {},
    weights?: SharedWeights,
  ): Promise<Session> {
    const out = new BigUint64Array(1);
    await withSessionOptions(this, options, weights, (optionsPointer) => {
      const [name, ...args] = this.creation(model, optionsPointer, weights);
      return this.library.callAsync(name, ...args, out);
    });
    return new Session(this, out[0]!, weights);
  }

  private creation(model: ModelSource, options: bigint, weights?: SharedWeights): SessionCreation {
    const container = weights?.container;
    if ('path' in model) {
      if (container === undefined) return ['CreateSession', this.environment, model.path, options];
      return ['CreateSessionWithPrepackedWeightsContainer', this.environment, model.path, options, container];
    }
    const { bytes, folder } = model;
    if (folder !== undefined) {
      const key = 'session.model_external_initializers_file_folder_path';
      this.library.call('AddSessionConfigEntry', options, key, folder);
    }
    const source = [this.environment, bytes, bytes.byteLength, options] as const;
    if (container === undefined) return ['CreateSessionFromArray', ...source];
    return ['CreateSessionFromArrayWithPrepackedWeightsContainer', ...source, container];
  }

  /** An OrtValue over memory that the caller keeps alive. */
  createValue(memory: bigint, address: bigint, bytes: number, dtype: ElementType, shape: readonly number[]): bigint {
    const dims = BigInt64Array.from(shape, BigInt);
    const { code } = elementTypes[dtype];
    return this.library.create('CreateTensorWithDataAsOrtValue', memory, address, bytes, dims, dims.length, code);
  }

  /** Element type code, shape and address of an OrtValue. */
  describeValue(value: bigint): { code: number; shape: number[]; address: bigint } {
    const { library } = this;
    const info = library.create('GetTensorTypeAndShape', value);
    const code = new Int32Array(1);
    library.call('GetTensorElementType', info, code);
    const rank = Number(library.create('GetDimensionsCount', info));
    const dims = new BigInt64Array(Math.max(rank, 1));
    library.call('GetDimensions', info, dims, rank);
    library.release('ReleaseTensorTypeAndShapeInfo', info);
    const address = library.create('GetTensorMutableData', value);
    return { code: code[0]!, shape: Array.from(dims.subarray(0, rank), Number), address };
  }

  /** Native address of a typed array's memory; the caller keeps the array alive while it is used. */
  addressOf(data: ArrayBufferView): bigint {
    return koffi.address(data);
  }

  /** Reads a C string that the library's allocator owns, and frees it. */
  takeString(pointer: bigint): string {
    const text = koffi.decode.string(pointer);
    this.library.call('AllocatorFree', this.allocator, pointer);
    return text;
  }
}

function createEnvironment(library: OrtLibrary, shared: SharedThreads | null): bigint {
  if (shared === null) return library.create('CreateEnv', warningLevel, 'parapet');
  const options = library.create('CreateThreadingOptions');
  try {
    library.call('SetGlobalIntraOpNumThreads', options, shared.threads);
    library.call('SetGlobalInterOpNumThreads', options, 1);
    library.call('SetGlobalSpinControl', options, shared.spinning ? 1 : 0);
    return library.create('CreateEnvWithGlobalThreadPools', warningLevel, 'parapet', options);
  } finally {
    library.release('ReleaseThreadingOptions', options);
  }
}
