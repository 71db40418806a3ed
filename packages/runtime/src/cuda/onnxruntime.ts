import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Runtime } from '../runtime.ts';
import type { SessionOptions } from '../session-options.ts';
import { type CudaLibraryName, findCudaLibrary, librarySearchPath, preload } from './libraries.ts';

/** What ONNX Runtime's CUDA provider needs, each before those that need it. */
export const providerLibraries: readonly CudaLibraryName[] = ['cudart', 'cublasLt', 'cublas', 'curand', 'cudnn'];

const providerFile = 'libonnxruntime_providers_cuda.so';

/**
 * ONNX Runtime's library with a CUDA provider beside it: the file that is named, or the first found in the search
 * folders (a site-packages folder counts with its `onnxruntime/capi`); null when there is none.
 */
export function findCudaRuntime(configured: string | undefined, libraryPath: string | undefined): string | null {
  if (configured !== undefined) return existsSync(join(dirname(configured), providerFile)) ? configured : null;
  for (const folder of librarySearchPath(libraryPath)) {
    for (const place of [folder, join(folder, 'onnxruntime', 'capi')]) {
      if (!existsSync(join(place, providerFile))) continue;
      const file = readdirSync(place).find((name) => /^libonnxruntime\.so/.test(name));
      if (file !== undefined) return join(place, file);
    }
  }
  return null;
}

export interface CudaRuntimeOptions {
  /** ONNX Runtime's library of a CUDA build. */
  runtimeLibrary?: string;
  /** Folders with NVIDIA's libraries, separated like PATH. */
  libraryPath?: string;
}

/** ONNX Runtime on the card: for training. Throws a sentence that says what is missing. */
export function openCudaRuntime(options: CudaRuntimeOptions = {}): { runtime: Runtime; session: SessionOptions } {
  const file = findCudaRuntime(options.runtimeLibrary, options.libraryPath);
  if (file === null) {
    throw new Error(
      'Training on CUDA needs a CUDA build of ONNX Runtime: install the Python package onnxruntime-gpu (or run ' +
        "onnxruntime-node's install script) and name its folder in PARAPET_CUDA_LIBRARIES. docs/gpu.md has the steps.",
    );
  }
  const folders = librarySearchPath(options.libraryPath);
  for (const name of providerLibraries) {
    const found = findCudaLibrary(name, folders);
    if (found === null) throw new Error(`Training on CUDA needs ${name}, which was not found. See \`parapet doctor\`.`);
    // cuDNN is a family of files that open each other by bare name.
    const family = name === 'cudnn' && found.path.includes('/') ? familyOf(dirname(found.path)) : [];
    preload([found.path, ...family]);
  }
  const runtime = Runtime.open({ libraryPath: file });
  // TF32 for the frozen matrices: as exact as bfloat16 training and better, at the matrix units' speed.
  return { runtime, session: { providers: [{ name: 'cuda', options: { use_tf32: '1' } }] } };
}

function familyOf(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => /^libcudnn_.*\.so\.9$/.test(name))
    .map((name) => join(folder, name));
}
