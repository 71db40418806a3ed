import { koffi } from '../ffi.ts';

/**
 * Functions of NVIDIA's driver API (cuda.h) that we call, with argument kinds: p host pointer, d device address, z size,
 * i 32-bit integer, u 64-bit unsigned. All return a CUresult, 0 = success.
 */
const functions = {
  cuInit: 'i',
  cuDriverGetVersion: 'p',
  cuDeviceGetCount: 'p',
  cuDeviceGet: 'pi',
  cuDeviceGetName: 'pii',
  cuDeviceGetAttribute: 'pii',
  cuDeviceTotalMem_v2: 'pi',
  cuDevicePrimaryCtxRetain: 'pi',
  cuDevicePrimaryCtxRelease_v2: 'i',
  cuCtxSetCurrent: 'd',
  cuMemGetInfo_v2: 'pp',
  cuMemAlloc_v2: 'pz',
  cuMemFree_v2: 'd',
  cuMemAllocHost_v2: 'pz',
  cuMemFreeHost: 'd',
  cuMemcpyHtoD_v2: 'dpz',
  cuMemcpyHtoDAsync_v2: 'ddzd',
  cuMemcpyDtoH_v2: 'pdz',
  cuMemcpyDtoHAsync_v2: 'ddzd',
  cuStreamCreate: 'pi',
  cuStreamDestroy_v2: 'd',
  cuStreamQuery: 'd',
  cuStreamSynchronize: 'd',
  cuStreamBeginCapture_v2: 'di',
  cuStreamEndCapture: 'dp',
  cuGraphInstantiateWithFlags: 'pdu',
  cuGraphLaunch: 'dd',
  cuGraphExecDestroy: 'd',
  cuGraphDestroy: 'd',
  cuEventCreate: 'pi',
  cuEventRecord: 'dd',
  cuEventElapsedTime: 'pdd',
  cuEventDestroy_v2: 'd',
  cuModuleLoadData: 'pp',
  cuModuleUnload: 'd',
  cuModuleGetFunction: 'pds',
  cuLaunchKernel: 'diiiiiiidpp',
} as const;
export type DriverFunction = keyof typeof functions;

const kinds = { p: 'void *', d: 'uint64_t', z: 'size_t', i: 'int', u: 'uint64_t', s: 'str' } as const;
type Argument = bigint | number | string | null | ArrayBufferView;

/** What the driver answered instead of success. */
export class CudaError extends Error {
  override readonly name = 'CudaError';
  constructor(
    readonly call: string,
    /** CUresult: 2 out of memory, 35 driver too old, 100 no device, 700 illegal address, … */
    readonly code: number,
    message: string,
  ) {
    super(`${call}: ${message} (${code})`);
  }
}

const notReady = 600;

/** The driver API, loaded from `libcuda.so.1`. */
export class CudaDriver {
  private readonly handle: ReturnType<typeof koffi.load>;
  private readonly table = new Map<DriverFunction, (...args: Argument[]) => number>();
  private readonly errorString: (code: number, out: BigUint64Array) => number;

  constructor(readonly path: string) {
    this.handle = koffi.load(path);
    for (const [name, args] of Object.entries(functions)) {
      const types = [...args].map((kind) => kinds[kind as keyof typeof kinds]);
      this.table.set(name as DriverFunction, this.handle.func(name, 'int', types) as (...args: Argument[]) => number);
    }
    this.errorString = this.handle.func('cuGetErrorString', 'int', ['int', 'void *']) as typeof this.errorString;
  }

  /** Calls a function. Throws CudaError unless it answers success. */
  call(name: DriverFunction, ...args: Argument[]): void {
    const code = this.table.get(name)!(...args);
    if (code !== 0) throw new CudaError(name, code, this.describe(code));
  }

  /** Calls a function whose first argument is where a 64-bit result goes. */
  create(name: DriverFunction, ...args: Argument[]): bigint {
    const out = new BigUint64Array(16); // larger than V8 keeps inside its moving heap
    this.call(name, out, ...args);
    return out[0]!;
  }

  /** The same where the result goes to the last argument. */
  createLast(name: DriverFunction, ...args: Argument[]): bigint {
    const out = new BigUint64Array(16);
    this.call(name, ...args, out);
    return out[0]!;
  }

  /** The same as `create` for a 32-bit result. */
  integer(name: DriverFunction, ...args: Argument[]): number {
    const out = new Int32Array(32);
    this.call(name, out, ...args);
    return out[0]!;
  }

  /** Whether a queue has nothing left to do. Throws what its work failed of. */
  isIdle(stream: bigint): boolean {
    const code = this.table.get('cuStreamQuery')!(stream);
    if (code !== 0 && code !== notReady) throw new CudaError('cuStreamQuery', code, this.describe(code));
    return code === 0;
  }

  private describe(code: number): string {
    const out = new BigUint64Array(16);
    return this.errorString(code, out) === 0 ? koffi.decode.string(out[0]!) : 'unknown error';
  }
}

const attribute = { multiprocessors: 16, major: 75, minor: 76 } as const;

export interface CudaCard {
  ordinal: number;
  name: string;
  /** Compute capability, such as 9.0. */
  major: number;
  minor: number;
  multiprocessors: number;
  memoryBytes: number;
}

/** The driver's CUDA version, such as 13000 for 13.0. */
export function driverVersion(driver: CudaDriver): number {
  return driver.integer('cuDriverGetVersion');
}

/** The cards of this machine. Throws CudaError 100 when there is none. */
export function listCards(driver: CudaDriver): CudaCard[] {
  driver.call('cuInit', 0);
  return Array.from({ length: driver.integer('cuDeviceGetCount') }, (_, ordinal) => {
    const device = driver.integer('cuDeviceGet', ordinal);
    const name = new Uint8Array(256);
    driver.call('cuDeviceGetName', name, name.length, device);
    const read = (what: keyof typeof attribute) => driver.integer('cuDeviceGetAttribute', attribute[what], device);
    return {
      ordinal,
      name: new TextDecoder().decode(name.subarray(0, name.indexOf(0))),
      major: read('major'),
      minor: read('minor'),
      multiprocessors: read('multiprocessors'),
      memoryBytes: Number(driver.create('cuDeviceTotalMem_v2', device)),
    };
  });
}
