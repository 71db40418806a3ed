import type { TrainingLease } from '@parapet/contracts/train-worker';
import type { DeviceClock } from './device-clock.ts';
import type { GatewayClient } from './gateway-client.ts';

/**
 * Keeps a lease alive and hears what the gateway wants of the job. `signal` aborts when the job must end without a
 * checkpoint: cancelled, the lease lost, or the worker stopping.
 */
export class LeaseKeeper {
  /** The step last finished, for the next heartbeat. */
  step = 0;
  pauseWanted = false;
  cancelWanted = false;
  private readonly lost = new AbortController();
  private readonly timer: NodeJS.Timeout;
  private renewedAt = Date.now();
  private beating = false;
  readonly signal: AbortSignal;

  constructor(
    private readonly client: GatewayClient,
    private readonly lease: TrainingLease,
    private readonly clock: DeviceClock,
    stop: AbortSignal,
  ) {
    this.signal = AbortSignal.any([this.lost.signal, stop]);
    this.timer = setInterval(() => void this.beat(), Math.max(250, Math.min(lease.ttlMs / 4, 2000)));
  }

  /** Ends the job without a word to the gateway. */
  lose(reason: unknown): void {
    this.lost.abort(reason);
  }

  stop(): void {
    clearInterval(this.timer);
  }

  private async beat(): Promise<void> {
    // A lease that was not renewed in time is lost whatever the gateway would say: another worker may have it.
    if (Date.now() - this.renewedAt > this.lease.ttlMs) return this.lose(new Error('The lease ran out.'));
    if (this.beating) return;
    this.beating = true;
    try {
      const sentAt = Date.now();
      const { action } = await this.client.heartbeat(
        this.lease.jobId,
        { fencingToken: this.lease.fencingToken, deviceMicros: this.clock.micros, step: this.step },
        AbortSignal.any([this.signal, AbortSignal.timeout(this.lease.ttlMs)]),
      );
      this.renewedAt = sentAt;
      this.pauseWanted = action === 'pause';
      if (action === 'cancel') {
        this.cancelWanted = true;
        this.lost.abort(new Error('The job was cancelled.'));
      }
    } catch (error) {
      if (!this.signal.aborted && !(error instanceof Error && error.name === 'TimeoutError')) this.lose(error);
    } finally {
      this.beating = false;
    }
  }
}
