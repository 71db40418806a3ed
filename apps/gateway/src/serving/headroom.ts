/** What a caller's last admission showed counts for so long. */
const freshMs = 1_000;
const capacity = 10_000;

/**
 * Callers of whom this gateway knows, from an admission of the last second, that none of their limits is more than
 * half used. Their next request may go to the engine while its admission is under way: it will be refused only when
 * half of a limit went within that second, or the key did.
 */
export class Headroom {
  readonly #seenAt = new Map<string, number>();

  note(caller: string, isRoomy: boolean): void {
    this.#seenAt.delete(caller);
    if (!isRoomy) return;
    this.#seenAt.set(caller, performance.now());
    if (this.#seenAt.size > capacity) this.#seenAt.delete(this.#seenAt.keys().next().value!);
  }

  has(caller: string): boolean {
    const at = this.#seenAt.get(caller);
    return at !== undefined && performance.now() - at < freshMs;
  }
}
