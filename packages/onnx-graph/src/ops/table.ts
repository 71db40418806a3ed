import type { OpName } from './attributes.ts';
import { elementwise } from './elementwise.ts';
import { indexing } from './indexing.ts';
import { matmul } from './matmul.ts';
import { movement } from './movement.ts';
import { normalise } from './normalise.ts';
import { reduce } from './reduce.ts';
import type { OpRule } from './rule.ts';

/** Every op's rules. An op of `OpAttributes` without one does not compile. */
export const opTable: { readonly [K in OpName]: OpRule<K> } = {
  ...elementwise,
  ...indexing,
  ...matmul,
  ...movement,
  ...normalise,
  ...reduce,
};
