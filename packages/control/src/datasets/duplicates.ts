import { createHash } from 'node:crypto';
import { asMessages, type TrainingRow } from '@parapet/contracts/training-row';

/**
 * Finds rows that say the same, whatever their form and key order. It keeps 52 bits of each row's SHA-256: in a
 * million rows a false duplicate has a chance of 1 in 9,000.
 */
export class DuplicateFinder {
  readonly #lines = new Map<number, number>();

  /** The line of the first row that says the same, or null. */
  seen(row: TrainingRow, line: number): number | null {
    const said = asMessages(row).map(({ role, content, weight }) => [
      role,
      content,
      role === 'assistant' ? (weight ?? 1) : 0,
    ]);
    const hash = createHash('sha256').update(JSON.stringify(said)).digest();
    const key = hash.readUInt32BE(0) * 2 ** 20 + (hash.readUInt32BE(4) >>> 12);
    const first = this.#lines.get(key);
    if (first !== undefined) return first;
    this.#lines.set(key, line);
    return null;
  }
}
