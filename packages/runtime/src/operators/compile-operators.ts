import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { OperatorLibrary } from './operator-library.ts';

/** A library of operators in C++: `operators.cpp` and the headers beside it. */
export interface OperatorSources {
  /** Begins the file name of a build, unique in its folder. */
  name: string;
  sources: string;
  /** Compiler flags beside those that all operators have. */
  flags: readonly string[];
}

/** The library, or what stands in the way in a clause that says what to do. */
export type CompiledOperators = { library: OperatorLibrary } | { library: null; reason: string };

const sharedHeaders = fileURLToPath(new URL('.', import.meta.url));
const compilers = ['c++', 'g++', 'clang++'];
const commonFlags = [
  ...['-O3', '-std=c++17', '-shared', '-fPIC', '-fvisibility=hidden', '-fno-math-errno', '-Wno-psabi'],
  ...['-mavx2', '-mfma', `-I${sharedHeaders}`],
];
const compileTimeoutMs = 120_000;

/** What the processor can do, by the names of /proc/cpuinfo; none where operators of ours can't run (x64 Linux only). */
export function processorFlags(): ReadonlySet<string> {
  if (process.platform !== 'linux' || process.arch !== 'x64') return new Set();
  return new Set(/^flags\s*:(.*)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1]?.trim().split(' '));
}

/**
 * Compiles operators with the compiler that is there, or takes them from `folder` where a build of the same sources,
 * compiler and flags is kept (seconds the first time), and asks the system whether they may run.
 */
export function compileOperators(folder: string, operators: OperatorSources): CompiledOperators {
  const compiler = compilers.find((name) => spawnSync(name, ['--version']).status === 0);
  if (compiler === undefined) {
    return { library: null, reason: 'there is no C++ compiler: install g++ or clang++ and start again' };
  }
  const path = build(folder, compiler, operators);
  if (typeof path !== 'string') return { library: null, reason: path.failed };
  const library = new OperatorLibrary(path);
  if (library.callInt('prepareKernels') !== 0) return { library: null, reason: 'the system does not allow AMX' };
  return { library };
}

/** Path of the compiled library; its name says sources, compiler and flags. */
function build(
  folder: string,
  compiler: string,
  { name, sources, flags }: OperatorSources,
): string | { failed: string } {
  const allFlags = [...commonFlags, ...flags];
  const hash = createHash('sha256')
    .update(spawnSync(compiler, ['--version']).stdout)
    .update(allFlags.join(' '));
  for (const from of [sharedHeaders, sources]) {
    for (const file of readdirSync(from).sort()) {
      if (/\.(h|cpp)$/.test(file)) hash.update(file).update(readFileSync(join(from, file)));
    }
  }
  const path = join(folder, `${name}-${hash.digest('hex').slice(0, 32)}.so`);
  if (existsSync(path)) return path;
  mkdirSync(folder, { recursive: true });
  const unfinished = `${path}.${process.pid}.part`;
  const { status, stderr } = spawnSync(compiler, [...allFlags, join(sources, 'operators.cpp'), '-o', unfinished], {
    encoding: 'utf8',
    timeout: compileTimeoutMs,
  });
  if (status !== 0) {
    rmSync(unfinished, { force: true });
    return { failed: `${compiler} failed: ${/^.*error:.*$/m.exec(stderr ?? '')?.[0] ?? 'it took too long'}` };
  }
  renameSync(unfinished, path);
  // What an older source or compiler made is of no use any more.
  for (const file of readdirSync(folder)) {
    if (file.startsWith(`${name}-`) && file.endsWith('.so') && join(folder, file) !== path) {
      rmSync(join(folder, file), { force: true });
    }
  }
  return path;
}
