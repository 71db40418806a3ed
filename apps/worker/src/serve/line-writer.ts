import type { Writable } from 'node:stream';

/** Writes a second over all streams together: each is a system call of 5 to 10 µs between two steps of the engine. */
const writesPerSecond = 8_000;
/** Up to so many streams nothing waits. */
const unhurried = 16;
const longestWaitMs = 40;

/**
 * Writes lines to many streams. A line leaves at once, unless its stream wrote so recently that all streams together
 * would go beyond `writesPerSecond`: then it is gathered with those that follow, so that steps don't wait for sockets.
 */
export class LineWriters {
  private readonly open = new Set<LineWriter>();
  private timer: NodeJS.Timeout | null = null;

  add(to: Pick<Writable, 'write' | 'destroyed'>): LineWriter {
    const writer = new LineWriter(to, this);
    this.open.add(writer);
    return writer;
  }

  remove(writer: LineWriter): void {
    this.open.delete(writer);
  }

  /** Least milliseconds between two writes of a stream, with so many of them. */
  get waitMs(): number {
    if (this.open.size <= unhurried) return 0;
    return Math.min(longestWaitMs, (this.open.size * 1000) / writesPerSecond);
  }

  /** Sees to it that what is gathered leaves in time. */
  schedule(): void {
    this.timer ??= setTimeout(() => {
      this.timer = null;
      for (const writer of this.open) writer.flush();
    }, this.waitMs);
  }
}

export class LineWriter {
  private gathered = '';
  private wroteAt = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly to: Pick<Writable, 'write' | 'destroyed'>,
    private readonly all: LineWriters,
  ) {}

  write(line: string): void {
    this.gathered += `${line}\n`;
    if (performance.now() - this.wroteAt >= this.all.waitMs) this.flush();
    else this.all.schedule();
  }

  flush(): void {
    if (this.gathered === '') return;
    if (!this.to.destroyed) this.to.write(this.gathered);
    this.gathered = '';
    this.wroteAt = performance.now();
  }

  /** Writes what is left; nothing may follow. */
  close(): void {
    this.flush();
    this.all.remove(this);
  }
}
