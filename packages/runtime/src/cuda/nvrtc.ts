import { koffi } from '../ffi.ts';

type Native = (...args: (bigint | number | string | null | ArrayBufferView)[]) => number;

/** NVRTC, the run-time compiler of CUDA C++. */
export class Nvrtc {
  private readonly handle: ReturnType<typeof koffi.load>;

  constructor(path: string) {
    this.handle = koffi.load(path);
  }

  /** Compiles to machine code of one compute capability (such as 90). Throws with the compiler's log. */
  compile(source: string, capability: number, definitions: Readonly<Record<string, string>>): Uint8Array<ArrayBuffer> {
    const bind = (name: string, types: string[]) => this.handle.func(name, 'int', types) as Native;
    const out = new BigUint64Array(16);
    const check = (name: string, code: number) => {
      if (code !== 0) throw new Error(`${name} failed with code ${code}.`);
    };
    const text = new TextEncoder().encode(`${source}\0`);
    const name = new TextEncoder().encode('kernels.cu\0');
    check(
      'nvrtcCreateProgram',
      bind('nvrtcCreateProgram', ['void *', 'void *', 'void *', 'int', 'void *', 'void *'])(
        out,
        text,
        name,
        0,
        null,
        null,
      ),
    );
    const program = out[0]!;
    try {
      const options = [
        `--gpu-architecture=sm_${capability}`,
        '--std=c++17',
        ...Object.entries(definitions).map(([key, value]) => `-D${key}=${value}`),
      ].map((option) => new TextEncoder().encode(`${option.padEnd(80)}\0`));
      const list = new BigUint64Array(Math.max(options.length, 16));
      for (const [i, option] of options.entries()) {
        option[option.findLastIndex((byte) => byte !== 32 && byte !== 0) + 1] = 0;
        list[i] = koffi.address(option);
      }
      const compiled = bind('nvrtcCompileProgram', ['uint64_t', 'int', 'void *'])(program, options.length, list);
      if (compiled !== 0) throw new Error(`The kernels don't compile for sm_${capability}: ${this.log(program)}`);
      check('nvrtcGetCUBINSize', bind('nvrtcGetCUBINSize', ['uint64_t', 'void *'])(program, out));
      const image = new Uint8Array(Number(out[0]!));
      check('nvrtcGetCUBIN', bind('nvrtcGetCUBIN', ['uint64_t', 'void *'])(program, image));
      return image;
    } finally {
      out[0] = program;
      bind('nvrtcDestroyProgram', ['void *'])(out);
    }
  }

  private log(program: bigint): string {
    const size = new BigUint64Array(16);
    (this.handle.func('nvrtcGetProgramLogSize', 'int', ['uint64_t', 'void *']) as Native)(program, size);
    const log = new Uint8Array(Math.max(Number(size[0]!), 65));
    (this.handle.func('nvrtcGetProgramLog', 'int', ['uint64_t', 'void *']) as Native)(program, log);
    return new TextDecoder().decode(log.subarray(0, log.indexOf(0))).trim();
  }
}
