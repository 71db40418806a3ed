import type { MicroBatch } from '../dataset/batches.ts';
import type { Trainer } from './trainer.ts';

/** Mean loss and share of right tokens over all targets of the micro-batches. */
export async function validate(
  trainer: Trainer,
  batches: readonly MicroBatch[],
  theta?: Float32Array,
): Promise<{ loss: number; tokenAccuracy: number }> {
  const targets = batches.reduce((sum, batch) => sum + batch.labels.length, 0);
  let loss = 0;
  let correct = 0;
  for (const batch of batches) {
    const result = await trainer.evaluate(batch, 1, theta);
    loss += result.loss;
    correct += result.correct;
  }
  return { loss: loss / targets, tokenAccuracy: correct / targets };
}
