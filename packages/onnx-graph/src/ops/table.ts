import type { OpName } from './attributes.ts';
import { elementwise } from './elementwise.ts';
import { gated } from './gated.ts';
import { indexing } from './indexing.ts';
import { matmul } from './matmul.ts';
import { movement } from './movement.ts';
import { normalise } from './normalise.ts';
import { reduce } from './reduce.ts';
import type { OpRule } from './rule.ts';

/** Every op's rules. An op of `OpAttributes` without one does not compile. */
export const opTable: { readonly [K in OpName]: OpRule<K> } = {
  ...elementwise,
  ...gated,
  ...indexing,
  ...matmul,
  ...movement,
  ...normalise,
  ...reduce,
};

/**
 * The rule of a node's op, undefined for contrib ops without one. The one cast that forgets which op it is:
 * callers pass it the attributes of a node of that same op.
 */
export function ruleOf(op: string): OpRule<OpName> | undefined {
  return op in opTable ? (opTable[op as OpName] as OpRule<OpName>) : undefined;
}
