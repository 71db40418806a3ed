import { join } from 'node:path';
import { findKernels } from '@parapet/inference/cpu-kernels';
import type { Check } from './check.ts';

/** Whose kernels serve 8-bit weights on the CPU; compiles ours where that was not done yet (seconds). */
export function checkKernels(dataDir: string): Check {
  const found = findKernels(join(dataDir, 'models', 'kernels'));
  if (found.kernels !== null) {
    return { name: 'Serving kernels', state: 'ok', detail: `our own, for ${found.kernels.instructions}` };
  }
  return {
    ...{ name: 'Serving kernels', state: 'absent', detail: `ONNX Runtime's; ours can't be used: ${found.reason}` },
    advice: 'Serving works, several times slower. On x64 Linux a C++ compiler (g++ or clang++) is all that is needed.',
  };
}
