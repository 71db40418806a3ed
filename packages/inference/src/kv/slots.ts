/** Who has which slot of the decode batch. Slots 0 … n−1 must be taken to decode: holes are filled from the end. */
export class Slots<T extends object> {
  private readonly occupants: (T | null)[];
  private readonly where = new Map<T, number>();

  constructor(readonly capacity: number) {
    this.occupants = new Array<T | null>(capacity).fill(null);
  }

  get size(): number {
    return this.where.size;
  }

  at(slot: number): T | null {
    return this.occupants[slot] ?? null;
  }

  slotOf(occupant: T): number | undefined {
    return this.where.get(occupant);
  }

  /** Puts an occupant into the first free slot and returns it. */
  join(occupant: T): number {
    const slot = this.occupants.indexOf(null);
    if (slot < 0) throw new Error('The batch is full.');
    this.occupants[slot] = occupant;
    this.where.set(occupant, slot);
    return slot;
  }

  /** Frees an occupant's slot and returns it; undefined when it has none. */
  leave(occupant: T): number | undefined {
    const slot = this.where.get(occupant);
    if (slot === undefined) return undefined;
    this.occupants[slot] = null;
    this.where.delete(occupant);
    return slot;
  }

  /** Closes the holes: calls `move` for each occupant that goes to a lower slot. */
  settle(move: (occupant: T, from: number, to: number) => void): void {
    for (let to = 0; to < this.size; to++) {
      if (this.occupants[to] !== null) continue;
      const from = this.occupants.findLastIndex((occupant) => occupant !== null);
      const occupant = this.occupants[from]!;
      this.occupants[to] = occupant;
      this.occupants[from] = null;
      this.where.set(occupant, to);
      move(occupant, from, to);
    }
  }
}
