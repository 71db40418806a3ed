import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { koffi } from '../ffi.ts';
import { HostMemory } from '../memory.ts';
import type {
  Accelerator,
  CompiledKernels,
  KernelArgument,
  MatrixProduct,
  PinnedMemory,
  Recording,
} from './accelerator.ts';

const header = new URL('./host-cuda.h', import.meta.url);

/** Whether this machine can run kernels on the host: the tests that need it are skipped elsewhere. */
export function canEmulate(): boolean {
  return process.platform === 'linux' && process.arch === 'x64' && spawnSync('g++', ['--version']).status === 0;
}

type RunKernel = (grid: Uint32Array, threads: number, args: BigUint64Array) => void;

/**
 * An accelerator without a card: kernels are compiled by g++ and run on the host, one thread after another. For tests
 * of everything above the driver; what it computes is what a card computes, up to rounding.
 */
export class HostAccelerator implements Accelerator {
  readonly name = 'the host, emulating a card';
  private readonly folder = mkdtempSync(join(tmpdir(), 'parapet-kernels-'));
  private readonly memories = new Map<bigint, HostMemory>();
  private readonly kernels = new Map<bigint, RunKernel>();
  private readonly libraries: ReturnType<typeof koffi.load>[] = [];
  private lastHandle = 0n;
  private gemm: ((...args: (number | bigint)[]) => void) | null = null;
  private recording: (() => void)[] | null = null;
  private startedAt = 0;
  private endedAt = 0;

  freeMemoryBytes(): number {
    return 8e9;
  }

  allocate(bytes: number): bigint {
    const memory = new HostMemory(Math.max(bytes, 4096));
    this.memories.set(memory.address, memory);
    return memory.address;
  }

  free(address: bigint): void {
    this.memories.get(address)?.release();
    this.memories.delete(address);
  }

  allocatePinned(bytes: number): PinnedMemory {
    const address = this.allocate(bytes);
    return { address, bytes: new Uint8Array(koffi.view(address, bytes)) };
  }

  freePinned(memory: PinnedMemory): void {
    this.free(memory.address);
  }

  upload(to: bigint, from: ArrayBufferView): void {
    if (from.byteLength === 0) return;
    viewOf(to, from.byteLength).set(new Uint8Array(from.buffer, from.byteOffset, from.byteLength));
  }

  download(to: ArrayBufferView, from: bigint): void {
    if (to.byteLength === 0) return;
    new Uint8Array(to.buffer, to.byteOffset, to.byteLength).set(viewOf(from, to.byteLength));
  }

  copyIn(to: bigint, from: PinnedMemory, bytes: number): void {
    this.enqueue(() => viewOf(to, bytes).set(from.bytes.subarray(0, bytes)));
  }

  copyOut(to: PinnedMemory, from: bigint, bytes: number): void {
    this.enqueue(() => to.bytes.set(viewOf(from, bytes)));
  }

  compile(source: string, definitions: Readonly<Record<string, string>>): CompiledKernels {
    const names = [...source.matchAll(/__global__ void (\w+)\(/g)].map((match) => match[1]!);
    const entries = names.map(
      (name) =>
        `extern "C" void run_${name}(const unsigned* grid, unsigned threads, void** args) ` +
        `{ host::run([](void** values) { host::call(${name}, values); }, grid, threads, args); }`,
    );
    const stem = join(this.folder, `kernels-${this.libraries.length}`);
    writeFileSync(`${stem}.cpp`, [readFileSync(header, 'utf8'), source, ...entries].join('\n'));
    const options = Object.entries(definitions).map(([key, value]) => `-D${key}=${value}`);
    const flags = ['-O2', '-std=c++17', '-mf16c', '-mfma', '-fno-strict-aliasing', '-w', '-shared', '-fPIC'];
    const built = spawnSync('g++', [...flags, ...options, `${stem}.cpp`, '-o', `${stem}.so`], { encoding: 'utf8' });
    if (built.status !== 0) throw new Error(`The kernels don't compile on the host: ${built.stderr.slice(0, 4000)}`);
    const library = koffi.load(`${stem}.so`);
    this.libraries.push(library);
    const ints = (count: number) => new Array<string>(count).fill('int');
    this.gemm = library.func('hostGemm', 'void', [
      ...[...ints(3), 'float', 'uint64_t', 'int64_t', 'uint64_t', 'int64_t'],
      ...[...ints(3), 'uint64_t', 'int64_t', 'int'],
    ]) as typeof this.gemm;
    const handles: bigint[] = [];
    return {
      release: () => {
        for (const handle of handles) this.kernels.delete(handle);
      },
      kernel: (name) => {
        if (!names.includes(name)) throw new Error(`There is no kernel "${name}".`);
        const run = library.func(`run_${name}`, 'void', ['void *', 'uint32_t', 'void *']) as RunKernel;
        const handle = ++this.lastHandle;
        this.kernels.set(handle, run);
        handles.push(handle);
        return handle;
      },
    };
  }

  launch(
    kernel: bigint,
    [x, y = 1, z = 1]: readonly [number, number?, number?],
    threads: number,
    args: readonly KernelArgument[],
  ): void {
    const run = this.kernels.get(kernel)!;
    const values = new DataView(new ArrayBuffer(Math.max(args.length * 8, 128)));
    args.forEach(({ kind, value }, i) => {
      if (kind === 'pointer') values.setBigUint64(i * 8, value, true);
      else if (kind === 'int32') values.setInt32(i * 8, value, true);
      else if (kind === 'int64') values.setBigInt64(i * 8, BigInt(value), true);
      else values.setFloat32(i * 8, value, true);
    });
    this.enqueue(() => {
      const base = koffi.address(new Uint8Array(values.buffer));
      const addresses = BigUint64Array.from({ length: Math.max(args.length, 16) }, (_, i) => base + BigInt(i * 8));
      run(Uint32Array.of(x, y, z, ...new Array<number>(29).fill(0)), threads, addresses);
    });
  }

  multiply(p: MatrixProduct): void {
    const { count, strideA, strideB, strideC } = p.batch ?? { count: 1, strideA: 0, strideB: 0, strideC: 0 };
    const kind = p.type === 'float16' ? 1 : 0;
    const kindC = p.typeC === 'float16' ? 1 : 0;
    const bytes = (elements: number, half: number) => BigInt(elements * (half === 1 ? 2 : 4));
    this.enqueue(() => {
      for (let i = 0; i < count; i++) {
        this.gemm!(
          ...[p.m, p.n, p.k, p.alpha ?? 1],
          ...[p.a + bytes(i * strideA, kind), p.pitchA, p.b + bytes(i * strideB, kind), p.pitchB],
          ...[
            p.transposedA === true ? 1 : 0,
            p.transposed === true ? 1 : 0,
            kind,
            p.c + bytes(i * strideC, kindC),
            p.pitchC,
            kindC,
          ],
        );
      }
    });
  }

  record(work: () => void): Recording {
    const steps: (() => void)[] = [];
    this.recording = steps;
    try {
      work();
    } finally {
      this.recording = null;
    }
    return {
      launch: () => {
        for (const step of steps) step();
      },
      release: () => {},
    };
  }

  async idle(): Promise<void> {}

  mark(at: 'start' | 'end'): void {
    if (at === 'start') this.startedAt = performance.now();
    else this.endedAt = performance.now();
  }

  elapsedMicros(): number {
    return Math.round((this.endedAt - this.startedAt) * 1000);
  }

  close(): void {
    for (const memory of this.memories.values()) memory.release();
    this.memories.clear();
    rmSync(this.folder, { recursive: true, force: true });
  }

  private enqueue(step: () => void): void {
    if (this.recording === null) step();
    else this.recording.push(step);
  }
}

function viewOf(address: bigint, bytes: number): Uint8Array {
  return new Uint8Array(koffi.view(address, bytes));
}
