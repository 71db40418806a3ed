import { koffi } from '../ffi.ts';
import type { DeviceType, MatrixProduct } from './accelerator.ts';

const dataType: Record<DeviceType, number> = { float32: 0, float16: 2 };
const computeFloat32 = 68;
const computeTf32 = 77;
const defaultAlgorithm = -1;
/** Room for split products; given once, so that recording allocates nothing. NVIDIA's advice for Hopper. */
export const workspaceBytes = 32 << 20;

type Native = (...args: (bigint | number | null | ArrayBufferView)[]) => number;

/** cuBLAS: matrix products with float32 sums (TF32 only where it is asked for). */
export class Cublas {
  private readonly library: ReturnType<typeof koffi.load>;
  private readonly handle: bigint;
  private readonly gemm: Native;
  private readonly batched: Native;
  private readonly one = Float32Array.of(1, ...new Array<number>(31).fill(0));
  private readonly alpha = new Float32Array(32);
  private readonly zero = new Float32Array(32);

  constructor(path: string, stream: bigint, workspace: bigint) {
    this.library = koffi.load(path);
    const bind = (name: string, types: string[]) => this.library.func(name, 'int', types) as Native;
    const out = new BigUint64Array(16);
    this.check('cublasCreate', bind('cublasCreate_v2', ['void *'])(out));
    this.handle = out[0]!;
    this.check('cublasSetStream', bind('cublasSetStream_v2', ['uint64_t', 'uint64_t'])(this.handle, stream));
    const setWorkspace = bind('cublasSetWorkspace_v2', ['uint64_t', 'uint64_t', 'size_t']);
    this.check('cublasSetWorkspace', setWorkspace(this.handle, workspace, workspaceBytes));
    const matrix = ['uint64_t', 'int', 'int'];
    const head = ['uint64_t', 'int', 'int', 'int', 'int', 'int', 'void *'];
    this.gemm = bind('cublasGemmEx', [...head, ...matrix, ...matrix, 'void *', ...matrix, 'int', 'int']);
    const strided = [...matrix, 'int64_t'];
    this.batched = bind('cublasGemmStridedBatchedEx', [
      ...[...head, ...strided, ...strided, 'void *', ...strided],
      ...['int', 'int', 'int'],
    ]);
  }

  /** cuBLAS is column-major: C = A·B row-major is Cᵀ = Bᵀ·Aᵀ there. */
  multiply(p: MatrixProduct): void {
    const type = dataType[p.type];
    const alpha = p.alpha === undefined ? this.one : this.alpha;
    this.alpha[0] = p.alpha ?? 1;
    const head = [this.handle, p.transposed === true ? 1 : 0, p.transposedA === true ? 1 : 0, p.n, p.m, p.k, alpha];
    const tail = [p.tf32 === true ? computeTf32 : computeFloat32, defaultAlgorithm];
    if (p.batch === undefined || p.batch.count === 1) {
      const code = this.gemm(
        ...head,
        ...[p.b, type, p.pitchB],
        ...[p.a, type, p.pitchA],
        this.zero,
        ...[p.c, dataType[p.typeC], p.pitchC],
        ...tail,
      );
      this.check('cublasGemmEx', code);
      return;
    }
    const { count, strideA, strideB, strideC } = p.batch;
    const code = this.batched(
      ...head,
      ...[p.b, type, p.pitchB, strideB],
      ...[p.a, type, p.pitchA, strideA],
      this.zero,
      ...[p.c, dataType[p.typeC], p.pitchC, strideC],
      count,
      ...tail,
    );
    this.check('cublasGemmStridedBatchedEx', code);
  }

  close(): void {
    (this.library.func('cublasDestroy_v2', 'int', ['uint64_t']) as Native)(this.handle);
  }

  private check(call: string, status: number): void {
    if (status !== 0) throw new Error(`${call} answered status ${status}.`);
  }
}
