import { Random } from '@parapet/models/random';
import { describe, expect, it } from 'vitest';
import { type Piece, placePieces } from './memory-plan.ts';

describe('placePieces', () => {
  it('never lets two pieces overlap that are wanted at the same time', () => {
    const random = new Random(3);
    const pieces = Array.from({ length: 400 }, (): Piece => {
      const from = random.below(1000);
      return { bytes: 1 + random.below(5000), from, until: from + random.below(60) };
    });
    const { offsets, bytes } = placePieces(pieces);
    for (const [a, aAt] of offsets) {
      expect(aAt % 256).toBe(0);
      expect(aAt + a.bytes).toBeLessThanOrEqual(bytes);
      for (const [b, bAt] of offsets) {
        if (a === b || a.until < b.from || b.until < a.from) continue;
        expect(aAt + a.bytes <= bAt || bAt + b.bytes <= aAt, `${JSON.stringify([a, aAt, b, bAt])}`).toBe(true);
      }
    }
    // Within a third of what is wanted at the busiest moment.
    const wanted = Array.from({ length: 1100 }, (_, step) =>
      pieces.reduce((sum, piece) => sum + (piece.from <= step && step <= piece.until ? piece.bytes : 0), 0),
    );
    expect(bytes).toBeLessThan(1.33 * Math.max(...wanted));
  });

  it('uses the memory of what is over, and grows into what is free at the end', () => {
    const [a, b, c] = [
      { bytes: 1024, from: 0, until: 1 },
      { bytes: 512, from: 2, until: 3 },
      { bytes: 2048, from: 4, until: 4 },
    ];
    const { offsets, bytes } = placePieces([a, b, c]);
    expect([a, b, c].map((piece) => offsets.get(piece))).toEqual([0, 0, 0]);
    expect(bytes).toBe(2048);
  });
});
