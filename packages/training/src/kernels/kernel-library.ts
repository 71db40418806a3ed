import { fileURLToPath } from 'node:url';
import type { OperatorLibrary } from '@parapet/runtime';
import { compileOperators, processorFlags } from '@parapet/runtime/operators';

/** What the processor must have: AMX with bfloat16, and AVX-512 around it. */
const needs = ['amx_tile', 'amx_bf16', 'avx512_bf16', 'avx512f', 'avx512bw', 'avx512vl', 'avx512dq'];
const flags = ['-mavx512f', '-mavx512bw', '-mavx512vl', '-mavx512dq', '-mavx512bf16', '-mamx-tile', '-mamx-bf16'];
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
  const has = processorFlags();
  if (has.size === 0) return { operators: null, reason: 'they are written for x64 on Linux' };
  const missing = needs.filter((flag) => !has.has(flag));
  if (missing.length > 0) return { operators: null, reason: `the processor lacks ${missing.join(', ')}` };
  const compiled = compileOperators(folder, { name: 'training-kernels', sources, flags });
  return compiled.library === null ? { operators: null, reason: compiled.reason } : { operators: compiled.library };
}
