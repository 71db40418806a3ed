import type { ParaConfig } from '@parapet/contracts/adapter';

/**
 * The `pool_weights` rows that `paraVectors` takes, `[rows, columns]`: what each position counts in the pool. Zero on
 * padding and on everything behind the prompt. Attention and max pooling only ask which are not zero.
 *
 * @param promptTokens the prompt's length in each row; it begins at the row's first position
 * @param columns positions in a row, padding included
 */
export function poolWeights(
  pooler: ParaConfig['pooler'],
  promptTokens: readonly number[],
  columns: number,
): Float32Array {
  const weights = new Float32Array(promptTokens.length * columns);
  promptTokens.forEach((length, row) => {
    if (length < 1 || length > columns)
      throw new RangeError(`row ${row} has a prompt of ${length} tokens in ${columns} positions`);
    const at = row * columns;
    if (pooler === 'last') weights[at + length - 1] = 1;
    else weights.fill(1 / length, at, at + length);
  });
  return weights;
}
