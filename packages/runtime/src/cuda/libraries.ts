import { existsSync, readdirSync, realpathSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { koffi } from '../ffi.ts';

/** The shared libraries that GPU work needs: file name stem, and the soname versions that do. */
export const cudaLibraries = {
  driver: { stem: 'libcuda.so', versions: ['1'], what: "the NVIDIA driver's own library" },
  nvrtc: { stem: 'libnvrtc.so', versions: ['13', '12'], what: 'the CUDA run-time compiler (NVRTC)' },
  cublas: { stem: 'libcublas.so', versions: ['13', '12'], what: 'cuBLAS' },
  cublasLt: { stem: 'libcublasLt.so', versions: ['13', '12'], what: 'cuBLASLt' },
} as const;
export type CudaLibraryName = keyof typeof cudaLibraries;

export interface FoundLibrary {
  path: string;
  /** The soname's version, such as 13. */
  version: string;
}

/** Folders to look in, the most particular first; the loader's own search comes after them. */
export function librarySearchPath(configured: string | undefined = undefined): string[] {
  const given = (configured ?? '').split(delimiter).filter((part) => part !== '');
  const wheels = given.flatMap(nvidiaWheelFolders);
  const system = [
    '/usr/local/cuda/lib64',
    '/usr/local/cuda/targets/x86_64-linux/lib',
    '/usr/lib/x86_64-linux-gnu',
    '/usr/lib/wsl/lib',
    '/usr/local/nvidia/lib64',
  ];
  return [...given, ...wheels, ...system].filter((folder) => existsSync(folder));
}

/** `lib` folders of NVIDIA's Python wheels under a site-packages folder: `nvidia/cu13/lib`, `nvidia/cudnn/lib`, … */
function nvidiaWheelFolders(folder: string): string[] {
  const root = join(folder, 'nvidia');
  if (!existsSync(root)) return [];
  return readdirSync(root)
    .map((name) => join(root, name, 'lib'))
    .filter((path) => existsSync(path));
}

/** Where a library is: a file in `folders`, or a bare name that the system's loader knows; null when it is nowhere. */
export function findCudaLibrary(name: CudaLibraryName, folders: readonly string[]): FoundLibrary | null {
  const { stem, versions } = cudaLibraries[name];
  for (const version of versions) {
    const file = `${stem}.${version}`;
    for (const folder of folders) {
      const path = join(folder, file);
      if (existsSync(path)) return { path: join(realpathSync(dirname(path)), file), version };
    }
    if (loadable(file)) return { path: file, version };
  }
  return null;
}

function loadable(file: string): boolean {
  try {
    koffi.load(file);
    return true;
  } catch {
    return false;
  }
}

const preloaded: unknown[] = [];

/**
 * Loads libraries by full path so that others which name them only by soname find them (`LD_LIBRARY_PATH` is read once
 * at start, too late to be set here). Returns what could not be loaded, with the loader's words.
 */
export function preload(paths: readonly string[]): { path: string; reason: string }[] {
  const failures: { path: string; reason: string }[] = [];
  for (const path of paths) {
    try {
      preloaded.push(koffi.load(path, { lazy: true, global: true }));
    } catch (error) {
      failures.push({ path, reason: (error as Error).message });
    }
  }
  return failures;
}

/** The libraries that NVRTC opens by bare name while it compiles; they lie beside it. */
export function nvrtcCompanions(nvrtcPath: string): string[] {
  const folder = dirname(nvrtcPath);
  if (folder === '.') return []; // found by the loader, which will find them too
  const names = readdirSync(folder).filter((name) => name.startsWith('libnvrtc-builtins.so'));
  return names.map((name) => join(folder, name));
}
