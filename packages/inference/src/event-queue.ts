/** Events from the engine's loop to one reader. Bounded by what a request may produce. */
export class EventQueue<T> implements AsyncIterable<T> {
  private readonly events: T[] = [];
  private wake: (() => void) | null = null;
  private closed = false;

  /** @param abandoned called when the reader leaves before the last event */
  constructor(private readonly abandoned: () => void) {}

  push(event: T): void {
    if (this.closed) return;
    this.events.push(event);
    this.wake?.();
  }

  /** No more will come. */
  close(): void {
    this.closed = true;
    this.wake?.();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T> {
    try {
      for (;;) {
        const event = this.events.shift();
        if (event !== undefined) {
          yield event;
          continue;
        }
        if (this.closed) return;
        await new Promise<void>((resolve) => {
          this.wake = resolve;
        });
        this.wake = null;
      }
    } finally {
      if (!this.closed) this.abandoned();
    }
  }
}
