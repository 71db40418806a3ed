import { ParapetError } from '@parapet/contracts/errors';
import type {
  GenerateEvent,
  GenerateRequest,
  RegisterServeWorker,
  ServeHeartbeat,
  ServeHeartbeatAnswer,
  WorkerControl,
} from '@parapet/contracts/serve-worker';
import type { Engine } from '@parapet/inference/engine';
import type { LinkedWorker } from './gateway-link.ts';
import type { Outbox } from './outbox.ts';

/** Resident adapters named in a heartbeat. */
const namedAdapters = 1000;

/** An engine as a gateway sees it: generations whose usage is written down before their end is told. */
export class ServeWorker implements LinkedWorker {
  private draining = false;

  constructor(
    private readonly engine: Engine,
    private readonly outbox: Outbox,
    readonly registration: RegisterServeWorker,
  ) {}

  get healthy(): boolean {
    return this.engine.healthy;
  }

  /** @throws ParapetError when it is refused */
  async generate(request: GenerateRequest): Promise<AsyncIterable<GenerateEvent>> {
    if (this.draining) {
      throw new ParapetError('engine_overloaded', 'This worker is draining; another one takes new requests.', {
        retryAfterMs: 500,
      });
    }
    return this.recorded(request, await this.engine.generate(request));
  }

  cancel(requestId: string): void {
    this.engine.cancel(requestId);
  }

  control({ drain, pin }: WorkerControl): void {
    if (drain !== undefined) this.draining = drain;
    if (pin !== undefined) this.engine.pin(pin);
  }

  heartbeat(): ServeHeartbeat {
    const stats = this.engine.stats();
    return {
      running: stats.running,
      waiting: stats.waiting,
      kvUsage: stats.kvUsage,
      residentAdapters: stats.residentAdapters.slice(0, namedAdapters),
      residentAdapterBytes: stats.residentAdapterBytes,
      stepMsP50: stats.stepMsP50,
      stepMsP99: stats.stepMsP99,
      adapterTax: stats.adapterTax,
      adapterLoadMs: this.engine.adapters.loadMs.splice(0),
      generatedTokens: stats.generatedTokens,
      promptTokens: stats.promptTokens,
      deviceMicros: stats.deviceMicros,
      healthy: this.engine.healthy,
      draining: this.draining,
      unacknowledged: this.outbox.pending(),
    };
  }

  answered({ acknowledged, control }: ServeHeartbeatAnswer): void {
    this.outbox.acknowledge(acknowledged);
    this.control(control);
  }

  /** Takes no new request and waits until what runs is done, at most `graceMs`; the rest is cancelled. */
  async stop(graceMs: number): Promise<void> {
    this.draining = true;
    const deadline = Date.now() + graceMs;
    while (this.engine.busy && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 20));
    await this.engine.close();
  }

  private async *recorded(
    request: GenerateRequest,
    events: AsyncIterable<GenerateEvent>,
  ): AsyncGenerator<GenerateEvent> {
    for await (const event of events) {
      if (event.type === 'done' || event.type === 'error') {
        const { requestId, tenantId } = request;
        this.outbox.add({ requestId, tenantId, usage: event.usage, finishedAt: Date.now() });
      }
      yield event;
    }
  }
}
