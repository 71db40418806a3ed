import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { OperatorLibrary } from '@parapet/runtime';

/** What the processor must have: AMX with bfloat16, and AVX-512 around it. */
const needs = ['amx_tile', 'amx_bf16', 'avx512_bf16', 'avx512f', 'avx512bw', 'avx512vl', 'avx512dq'];
const flags = [
  ...[
    '-O3',
    '-std=c++17',
    '-shared',
    '-fPIC',
    '-fvisibility=hidden',
    '-fno-math-errno',
    '-Wno-psabi',
    '-mavx2',
    '-mfma',
  ],
  ...['-mavx512f', '-mavx512bw', '-mavx512vl', '-mavx512dq', '-mavx512bf16', '-mamx-tile', '-mamx-bf16'],
];
const compilers = ['c++', 'g++', 'clang++'];
const compileTimeoutMs = 120_000;
const sources = fileURLToPath(new URL('.', import.meta.url));

/** The operators, or why there are none: training then uses ONNX Runtime's own, slower. */
export type FoundOperators = { operators: OperatorLibrary } | { operators: null; reason: string };

const found = new Map<string, FoundOperators>();

/** Compiles the operators for this processor, or takes them from `folder` where they were compiled before. */
export function findOperators(folder: string): FoundOperators {
  const known = found.get(folder) ?? search(folder);
  found.set(folder, known);
  return known;
}

function search(folder: string): FoundOperators {
  const none = (reason: string): FoundOperators => ({ operators: null, reason });
  if (process.platform !== 'linux' || process.arch !== 'x64') return none('they are written for x64 on Linux');
  const has = /^flags\s*:(.*)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1]?.split(' ') ?? [];
  const missing = needs.filter((flag) => !has.includes(flag));
  if (missing.length > 0) return none(`the processor lacks ${missing.join(', ')}`);
  const compiler = compilers.find((name) => spawnSync(name, ['--version']).status === 0);
  if (compiler === undefined) return none('there is no C++ compiler: install g++ or clang++ and start again');
  const path = build(folder, compiler);
  if (typeof path !== 'string') return none(path.failed);
  const operators = new OperatorLibrary(path);
  return operators.callInt('prepareKernels') === 0 ? { operators } : none('the system does not allow AMX');
}

/** Path of the compiled library; its name says sources, compiler and flags. */
function build(folder: string, compiler: string): string | { failed: string } {
  const hash = createHash('sha256')
    .update(spawnSync(compiler, ['--version']).stdout)
    .update(flags.join(' '));
  for (const file of readdirSync(sources).sort()) {
    if (/\.(h|cpp)$/.test(file)) hash.update(file).update(readFileSync(join(sources, file)));
  }
  const path = join(folder, `training-kernels-${hash.digest('hex').slice(0, 32)}.so`);
  if (existsSync(path)) return path;
  mkdirSync(folder, { recursive: true });
  const unfinished = `${path}.${process.pid}.part`;
  const { status, stderr } = spawnSync(compiler, [...flags, join(sources, 'operators.cpp'), '-o', unfinished], {
    encoding: 'utf8',
    timeout: compileTimeoutMs,
  });
  if (status !== 0) {
    rmSync(unfinished, { force: true });
    return { failed: `${compiler} failed: ${/^.*error:.*$/m.exec(stderr ?? '')?.[0] ?? 'it took too long'}` };
  }
  renameSync(unfinished, path);
  return path;
}
