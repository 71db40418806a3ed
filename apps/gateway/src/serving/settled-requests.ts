const capacity = 20_000;

/** The requests that this gateway settled of late: their worker's own report has nothing to add to the books. */
export class SettledRequests {
  readonly #ids = new Set<string>();

  add(requestId: string): void {
    this.#ids.add(requestId);
    if (this.#ids.size > capacity) this.#ids.delete(this.#ids.keys().next().value!);
  }

  has(requestId: string): boolean {
    return this.#ids.has(requestId);
  }
}
