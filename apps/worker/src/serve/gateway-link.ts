import { ParapetError } from '@parapet/contracts/errors';
import {
  type RegisterServeWorker,
  registeredWorkerSchema,
  type ServeHeartbeat,
  type ServeHeartbeatAnswer,
  serveHeartbeatAnswerSchema,
} from '@parapet/contracts/serve-worker';
import type { Logger } from 'pino';
import { callTimeoutMs, postToGateway } from '../gateway-post.ts';

const retryMs = 1000;
const firstHeartbeatMs = 2000;

/** What a worker tells its gateway, and what it learns from it. */
export interface LinkedWorker {
  registration: RegisterServeWorker;
  heartbeat(): ServeHeartbeat;
  answered(answer: ServeHeartbeatAnswer): void;
}

/** The worker's calls to its gateway: registration, heartbeats, adapter files. A gateway that restarts is found again. */
export class GatewayLink {
  private workerId: string | null = null;
  private heartbeatMs = firstHeartbeatMs;
  private timer: NodeJS.Timeout | undefined;
  private closed = false;
  private beating: Promise<void> = Promise.resolve();

  constructor(
    private readonly url: string,
    private readonly token: string,
    private readonly log: Logger,
  ) {}

  /** Registers and keeps sending heartbeats until `close`. */
  start(worker: LinkedWorker): void {
    this.beating = this.beat(worker);
  }

  /** An adapter's file. @throws ParapetError model_not_found when the store has none of that digest */
  readonly adapter = async (digest: string): Promise<Uint8Array> => {
    const response = await fetch(`${this.url}/internal/blobs/${digest}`, {
      headers: { authorization: `Bearer ${this.token}` },
      signal: AbortSignal.timeout(callTimeoutMs * 3),
    });
    if (response.status === 404) {
      throw new ParapetError('model_not_found', 'The adapter is not in the store any more: it was deleted.', {
        param: 'model',
      });
    }
    if (!response.ok) throw new Error(`The gateway answered ${response.status} for adapter ${digest}.`);
    return new Uint8Array(await response.arrayBuffer());
  };

  /** Stops after a last heartbeat, so that finished usage is delivered. */
  async close(worker: LinkedWorker): Promise<void> {
    this.closed = true;
    clearTimeout(this.timer);
    await this.beating;
    await this.exchange(worker).catch(() => {}); // the outbox keeps what was not delivered
  }

  private async beat(worker: LinkedWorker): Promise<void> {
    let next = this.heartbeatMs;
    try {
      await this.exchange(worker);
    } catch (error) {
      this.log.warn({ err: error }, 'the gateway did not answer; trying again');
      this.workerId = null; // it may have been restarted and not know us
      next = retryMs;
    }
    if (this.closed) return;
    this.timer = setTimeout(() => {
      this.beating = this.beat(worker);
    }, next);
  }

  private async exchange(worker: LinkedWorker): Promise<void> {
    if (this.workerId === null) {
      const answer = await this.post('/internal/workers/serve/register', worker.registration);
      const { workerId, heartbeatMs } = registeredWorkerSchema.parse(answer);
      this.workerId = workerId;
      this.heartbeatMs = heartbeatMs;
      this.log.info({ workerId }, 'registered with the gateway');
    }
    const answer = await this.post(`/internal/workers/serve/${this.workerId}/heartbeat`, worker.heartbeat());
    worker.answered(serveHeartbeatAnswerSchema.parse(answer));
  }

  private async post(path: string, body: unknown): Promise<unknown> {
    const response = await postToGateway({ url: this.url, token: this.token }, path, body);
    if (!response.ok)
      throw new Error(`POST ${path} answered ${response.status}: ${(await response.text()).slice(0, 500)}`);
    return await response.json();
  }
}
