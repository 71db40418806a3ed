/** A piece of device memory that is wanted for a while. */
export interface Piece {
  bytes: number;
  /** The first and the last step that use it. */
  from: number;
  until: number;
}

const alignment = 256;

/** Places pieces so that those wanted at the same time don't overlap: each in the tightest gap that is free. */
export function placePieces<P extends Piece>(pieces: Iterable<P>): { offsets: Map<P, number>; bytes: number } {
  const offsets = new Map<P, number>();
  const free: { offset: number; bytes: number }[] = [];
  let end = 0;
  const ends: { piece: P; offset: number; bytes: number }[] = [];
  for (const piece of [...pieces].sort((a, b) => a.from - b.from)) {
    for (let i = ends.length - 1; i >= 0; i--) {
      if (ends[i]!.piece.until >= piece.from) continue;
      giveBack(free, ends[i]!);
      ends.splice(i, 1);
    }
    const bytes = Math.ceil(Math.max(piece.bytes, 1) / alignment) * alignment;
    const fitting = free.filter((gap) => gap.bytes >= bytes);
    const gap = fitting.reduce<(typeof fitting)[number] | null>(
      (best, one) => (best === null || one.bytes < best.bytes ? one : best),
      null,
    );
    let offset: number;
    if (gap === null) {
      // What is free at the very end is grown into.
      const last = free.find((one) => one.offset + one.bytes === end);
      offset = last?.offset ?? end;
      if (last !== undefined) free.splice(free.indexOf(last), 1);
      end = offset + bytes;
    } else {
      offset = gap.offset;
      gap.offset += bytes;
      gap.bytes -= bytes;
      if (gap.bytes === 0) free.splice(free.indexOf(gap), 1);
    }
    offsets.set(piece, offset);
    ends.push({ piece, offset, bytes });
  }
  return { offsets, bytes: end };
}

/** Adds a gap, joined with its neighbours. */
function giveBack(free: { offset: number; bytes: number }[], { offset, bytes }: { offset: number; bytes: number }) {
  const gap = { offset, bytes };
  for (let i = free.length - 1; i >= 0; i--) {
    const other = free[i]!;
    if (other.offset + other.bytes !== gap.offset && gap.offset + gap.bytes !== other.offset) continue;
    gap.offset = Math.min(gap.offset, other.offset);
    gap.bytes += other.bytes;
    free.splice(i, 1);
  }
  free.push(gap);
}
