import { fileURLToPath } from 'node:url';
import type { OperatorLibrary } from '@parapet/runtime';
import { compileOperators, processorFlags } from '@parapet/runtime/operators';

/** Instructions that a build of the kernels uses, the best first, with what a processor must have for them. */
const levels = [
  {
    name: 'amx',
    needs: ['amx_tile', 'amx_int8', 'avx512_vnni', 'avx512f', 'avx512bw', 'avx512vl', 'avx512dq', 'avx2', 'fma'],
    flags: ['-mavx512f', '-mavx512bw', '-mavx512vl', '-mavx512dq', '-mavx512vnni', '-mamx-tile', '-mamx-int8'],
  },
  {
    name: 'avx512',
    needs: ['avx512_vnni', 'avx512f', 'avx512bw', 'avx512vl', 'avx512dq', 'avx2', 'fma'],
    flags: ['-mavx512f', '-mavx512bw', '-mavx512vl', '-mavx512dq', '-mavx512vnni'],
  },
  { name: 'avx2', needs: ['avx2', 'fma'], flags: [] },
] as const;
export type Instructions = (typeof levels)[number]['name'];

/** Our own kernels, loaded. */
export interface CpuKernels {
  instructions: Instructions;
  library: OperatorLibrary;
}

/** The kernels, or why there are none and what to do about it. */
export type FoundKernels = { kernels: CpuKernels } | { kernels: null; reason: string };

const sources = fileURLToPath(new URL('./kernels/', import.meta.url));
// No contraction: a sum is rounded where the source says so, in every build.
const exactFlags = ['-ffp-contract=off'];

/** The instruction sets of this processor that the kernels have a build for, the best first. */
export function availableInstructions(): Instructions[] {
  const found = processorFlags();
  return levels.filter(({ needs }) => needs.every((flag) => found.has(flag))).map(({ name }) => name);
}

/**
 * Compiles the kernels for this processor, or takes them from `folder` where a build of the same sources, compiler and
 * instructions is kept (seconds the first time). `only` asks for one instruction set instead of the best.
 */
export function findKernels(folder: string, only?: Instructions): FoundKernels {
  const available = availableInstructions().filter((name) => only === undefined || name === only);
  if (available.length === 0) {
    return { kernels: null, reason: 'they are written for x64 processors with AVX2, on Linux' };
  }
  const reasons: string[] = [];
  for (const instructions of available) {
    const flags = [...exactFlags, ...levels.find(({ name }) => name === instructions)!.flags];
    const compiled = compileOperators(folder, { name: `kernels-${instructions}`, sources, flags });
    if (compiled.library !== null) return { kernels: { instructions, library: compiled.library } };
    if (!reasons.includes(compiled.reason)) reasons.push(compiled.reason);
  }
  return { kernels: null, reason: reasons.join('; ') };
}
