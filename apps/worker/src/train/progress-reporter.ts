import type { SamplePrediction, StepMetrics } from '@parapet/contracts/recipe';
import type { GatewayClient } from './gateway-client.ts';

/** Events kept while the gateway is away; older metrics are dropped first, the curve thins but never stops a job. */
const bufferLimit = 5000;
const flushIntervalMs = 500;
/** The wire's own bounds a call (contracts/train-worker.ts). */
const callLimits = { metrics: 1000, messages: 100, samples: 50 };

type Message = { level: 'info' | 'warn' | 'error'; message: string };

/** Gathers a job's metrics, messages and samples and sends them twice a second, in order. */
export class ProgressReporter {
  private metrics: StepMetrics[] = [];
  private messages: Message[] = [];
  private samples: SamplePrediction[] = [];
  private readonly timer: NodeJS.Timeout;
  private sending: Promise<void> = Promise.resolve();

  constructor(
    private readonly client: GatewayClient,
    private readonly jobId: string,
    private readonly fencingToken: number,
    private readonly onError: (error: unknown) => void,
  ) {
    this.timer = setInterval(() => void this.flush().catch(this.onError), flushIntervalMs);
  }

  metric(metrics: StepMetrics): void {
    this.metrics.push(metrics);
    if (this.metrics.length > bufferLimit) this.metrics.splice(0, this.metrics.length - bufferLimit);
  }

  message(level: Message['level'], message: string): void {
    this.messages.push({ level, message: message.slice(0, 4000) });
    if (this.messages.length > bufferLimit) this.messages.shift();
  }

  sample(sample: SamplePrediction): void {
    this.samples.push(sample);
    if (this.samples.length > bufferLimit) this.samples.shift();
  }

  /** Sends all that is gathered; one call at a time. */
  flush(): Promise<void> {
    const next = this.sending.catch(() => undefined).then(() => this.sendAll());
    this.sending = next;
    return next;
  }

  stop(): void {
    clearInterval(this.timer);
  }

  private async sendAll(): Promise<void> {
    while (this.metrics.length > 0 || this.messages.length > 0 || this.samples.length > 0) {
      const batch = {
        metrics: this.metrics.slice(0, callLimits.metrics),
        messages: this.messages.slice(0, callLimits.messages),
        samples: this.samples.slice(0, callLimits.samples),
      };
      await this.client.events(this.jobId, { fencingToken: this.fencingToken, ...batch });
      const sent = new Set<unknown>([...batch.metrics, ...batch.messages, ...batch.samples]);
      const unsent = <T>(items: T[]) => items.filter((item) => !sent.has(item));
      this.metrics = unsent(this.metrics);
      this.messages = unsent(this.messages);
      this.samples = unsent(this.samples);
    }
  }
}
