import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { OperatorLibrary } from '@parapet/runtime';

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
const compilers = ['c++', 'g++', 'clang++'];
// No contraction: a sum is rounded where the source says so, in every build.
const commonFlags = [
  ...['-O3', '-std=c++17', '-shared', '-fPIC', '-fvisibility=hidden', '-ffp-contract=off', '-fno-math-errno'],
  ...['-Wno-psabi', '-mavx2', '-mfma'],
];
const compileTimeoutMs = 120_000;

/** The instruction sets of this processor that the kernels have a build for, the best first. */
export function availableInstructions(): Instructions[] {
  if (process.platform !== 'linux' || process.arch !== 'x64') return [];
  const found = /^flags\s*:(.*)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1]?.split(' ') ?? [];
  return levels.filter(({ needs }) => needs.every((flag) => found.includes(flag))).map(({ name }) => name);
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
  const compiler = compilers.find((name) => spawnSync(name, ['--version']).status === 0);
  if (compiler === undefined) {
    return { kernels: null, reason: 'there is no C++ compiler: install g++ or clang++ and start again' };
  }
  const reasons: string[] = [];
  for (const instructions of available) {
    const path = build(folder, compiler, instructions);
    if (typeof path !== 'string') {
      reasons.push(`${instructions}: ${path.failed}`);
      continue;
    }
    const library = new OperatorLibrary(path);
    if (library.callInt('prepareKernels') === 0) return { kernels: { instructions, library } };
    reasons.push(`${instructions}: the system does not allow it`);
  }
  return { kernels: null, reason: reasons.join('; ') };
}

/** Path of the built library. */
function build(folder: string, compiler: string, instructions: Instructions): string | { failed: string } {
  const flags = [...commonFlags, ...levels.find(({ name }) => name === instructions)!.flags];
  const hash = createHash('sha256')
    .update(spawnSync(compiler, ['--version']).stdout)
    .update(flags.join(' '));
  for (const file of readdirSync(sources).sort()) hash.update(file).update(readFileSync(join(sources, file)));
  const path = join(folder, `kernels-${instructions}-${hash.digest('hex').slice(0, 32)}.so`);
  if (existsSync(path)) return path;
  mkdirSync(folder, { recursive: true });
  const unfinished = `${path}.${process.pid}.part`;
  const { status, stderr } = spawnSync(compiler, [...flags, join(sources, 'operators.cpp'), '-o', unfinished], {
    encoding: 'utf8',
    timeout: compileTimeoutMs,
  });
  if (status !== 0) {
    rmSync(unfinished, { force: true });
    return { failed: `${compiler} failed: ${stderr.trim().split('\n')[0] ?? 'no message'}` };
  }
  renameSync(unfinished, path);
  // What an older source or compiler made is of no use any more.
  for (const file of readdirSync(folder)) {
    if (file.startsWith(`kernels-${instructions}-`) && file.endsWith('.so') && join(folder, file) !== path) {
      rmSync(join(folder, file), { force: true });
    }
  }
  return path;
}
