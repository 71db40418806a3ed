import { existsSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import {
  getErrorCodePosition,
  getErrorMessagePosition,
  type StatusFunctionName,
  statusFunctions,
  type VoidFunctionName,
  voidFunctions,
} from './api-table.ts';
import { koffi } from './ffi.ts';

/** What an OrtStatus said, with its code (1 fail, 2 invalid argument, 3 no such file, 6 runtime exception, …). */
export class OrtError extends Error {
  override readonly name = 'OrtError';
  constructor(
    readonly call: string,
    readonly code: number,
    message: string,
  ) {
    super(`${call}: ${message}`);
  }
}

type Argument = bigint | number | string | null | ArrayBufferView;
type NativeFunction = ((...args: Argument[]) => bigint | null) & {
  async: (...args: [...Argument[], (error: Error | null, result: bigint | null) => void]) => void;
};

const kinds = { p: 'void *', z: 'size_t', i: 'int', s: 'str' } as const;

/** The last version whose table holds every function we use; newer libraries answer for older tables. */
const apiVersion = 18;

/** Path of the shared library that onnxruntime-node ships for this platform; a clear sentence when there is none. */
export function findLibrary(): string {
  const require = createRequire(import.meta.url);
  let root: string;
  try {
    root = dirname(require.resolve('onnxruntime-node/package.json'));
  } catch {
    throw new Error("ONNX Runtime is missing: the package onnxruntime-node isn't installed. Run the install again.");
  }
  for (const napi of ['napi-v6', 'napi-v3']) {
    const folder = join(root, 'bin', napi, process.platform, process.arch);
    if (!existsSync(folder)) continue;
    const file = readdirSync(folder).find((name) => /^(lib)?onnxruntime(\.so|\.dll|[.\d]*\.dylib)/.test(name));
    if (file !== undefined) return join(folder, file);
  }
  throw new Error(
    `ONNX Runtime has no library for ${process.platform}-${process.arch} in ${root}. ` +
      'Run on Linux, macOS or Windows (x64 or arm64), or name a library file.',
  );
}

/** ONNX Runtime's function table, loaded from one library file. Every pointer is a bigint. */
export class OrtLibrary {
  /** Kept alive on purpose: a collected handle would unload the code under us. */
  private readonly handle: ReturnType<typeof koffi.load>;
  private readonly functions = new Map<string, NativeFunction>();
  private readonly getErrorCode: (status: bigint) => number;
  private readonly getErrorMessage: (status: bigint) => string;
  readonly version: string;

  constructor(readonly path: string) {
    try {
      this.handle = koffi.load(path);
    } catch (cause) {
      throw new Error(`ONNX Runtime's library could not be loaded from ${path}: ${(cause as Error).message}`, {
        cause,
      });
    }
    const base = this.handle.func('void *OrtGetApiBase()')() as bigint;
    const [getApi, getVersion] = koffi.decode(base, koffi.array('void *', 2)) as [bigint, bigint];
    this.version = koffi.call(getVersion, koffi.proto('str', [])) as string;
    const table = koffi.call(getApi, koffi.proto('void *', ['uint32_t']), apiVersion) as bigint | null;
    if (table === null) throw new Error(`ONNX Runtime ${this.version} at ${path} is too old; 1.20 or newer is needed.`);
    const pointer = (position: number) => koffi.decode(table, position * 8, 'void *') as bigint;
    const define = (position: number, result: string, args: string): NativeFunction =>
      koffi.decode(
        pointer(position),
        koffi.proto(
          result,
          [...args].map((kind) => kinds[kind as keyof typeof kinds]),
        ),
      ) as NativeFunction;
    for (const [name, [position, args]] of Object.entries(statusFunctions)) {
      this.functions.set(name, define(position, 'void *', args));
    }
    for (const [name, [position, args]] of Object.entries(voidFunctions)) {
      this.functions.set(name, define(position, 'void', args));
    }
    this.getErrorCode = define(getErrorCodePosition, 'int', 'p') as unknown as typeof this.getErrorCode;
    this.getErrorMessage = define(getErrorMessagePosition, 'str', 'p') as unknown as typeof this.getErrorMessage;
  }

  /** Calls a function that returns an OrtStatus; throws OrtError when it is not null. */
  call(name: StatusFunctionName, ...args: Argument[]): void {
    const status = this.functions.get(name)!(...args);
    if (status !== null) throw this.toError(name, status);
  }

  /** The same on a thread of koffi's pool: the event loop goes on meanwhile. Arguments must outlive the call. */
  callAsync(name: StatusFunctionName, ...args: Argument[]): Promise<void> {
    return new Promise((resolve, reject) => {
      this.functions.get(name)!.async(...args, (error, status) => {
        if (error !== null) reject(error);
        else if (status !== null) reject(this.toError(name, status));
        else resolve();
      });
    });
  }

  /** Calls a Release… function. */
  release(name: VoidFunctionName, pointer: bigint): void {
    this.functions.get(name)!(pointer);
  }

  /** Calls a function whose last argument is an output pointer, and returns what it wrote there. */
  create(name: StatusFunctionName, ...args: Argument[]): bigint {
    const out = new BigUint64Array(1);
    this.call(name, ...args, out);
    return out[0]!;
  }

  private toError(name: string, status: bigint): OrtError {
    const error = new OrtError(name, this.getErrorCode(status), this.getErrorMessage(status));
    this.release('ReleaseStatus', status);
    return error;
  }
}
