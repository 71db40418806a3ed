import { readFileSync } from 'node:fs';
import type { ModelSpec } from '@parapet/models/spec';
import type { Accelerator, CompiledKernels, DeviceType } from '@parapet/runtime/accelerator';
import { definitions } from './layout.ts';

const source = new URL('./decoder.cu', import.meta.url);

const names = [
  'beginStep',
  'embedPrompt',
  'addNorm',
  'gatedUp',
  'attend',
  'placePrompt',
  'causalSoftmax',
  'poolScores',
  'pool',
  'makeScales',
  'storeScales',
  'copyScales',
  'sample',
] as const;

/** Handles of the decoder's kernels by name. */
export type DecoderKernels = Readonly<Record<(typeof names)[number], bigint>>;

/** Compiles decoder.cu for a model's own numbers (about half a second). */
export function compileDecoder(
  accelerator: Accelerator,
  spec: ModelSpec,
  type: DeviceType,
): { compiled: CompiledKernels; kernels: DecoderKernels } {
  const compiled = accelerator.compile(readFileSync(source, 'utf8'), definitions(spec, type));
  const kernels = Object.fromEntries(names.map((name) => [name, compiled.kernel(name)])) as DecoderKernels;
  return { compiled, kernels };
}
