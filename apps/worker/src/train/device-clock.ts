/** Device time of a job under this lease: the wall time from its first input to its last step, integer microseconds. */
export class DeviceClock {
  private readonly startedAt = process.hrtime.bigint();
  private elapsed = 0n;

  /** Brings the time up to now; called at the end of every step. */
  lap(): void {
    this.elapsed = process.hrtime.bigint() - this.startedAt;
  }

  get micros(): number {
    return Number(this.elapsed / 1000n);
  }
}
