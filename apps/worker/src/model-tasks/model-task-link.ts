import {
  type ModelTaskFinish,
  type ModelTaskLease,
  type ModelTaskLeaseRequest,
  type ModelTaskProgress,
  modelTaskLeaseSchema,
} from '@parapet/contracts/model-task';
import { postToGateway } from '../gateway-post.ts';

/** Tries to deliver a result, a little apart: a gateway that restarts is back by then. */
const finishTries = 10;
const retryMs = 2000;

/** The worker's side of contracts/model-task.ts. */
export class ModelTaskLink {
  constructor(
    private readonly url: string,
    private readonly token: string,
  ) {}

  /** The next task for this worker, or null. */
  async lease(request: ModelTaskLeaseRequest): Promise<ModelTaskLease | null> {
    const response = await this.post('/internal/model-tasks/lease', request);
    if (response.status === 204) return null;
    if (!response.ok) throw new Error(`The gateway answered ${response.status}.`);
    return modelTaskLeaseSchema.parse(await response.json());
  }

  /** false = the task is cancelled or another's: drop it. A gateway that does not answer changes nothing. */
  async progress(taskId: string, body: ModelTaskProgress): Promise<boolean> {
    const response = await this.post(`/internal/model-tasks/${taskId}/progress`, body).catch(() => null);
    return response?.status !== 409 && response?.status !== 404;
  }

  /** Delivers the end. @throws Error when no gateway took it; the lease then runs out and says so */
  async finish(taskId: string, body: ModelTaskFinish): Promise<void> {
    for (let tried = 1; ; tried++) {
      const response = await this.post(`/internal/model-tasks/${taskId}/finish`, body).catch(() => null);
      if (response !== null && response.status < 500) return;
      if (tried === finishTries) throw new Error(`The end of ${taskId} could not be delivered.`);
      await new Promise((resolve) => setTimeout(resolve, retryMs));
    }
  }

  private post(path: string, body: unknown): Promise<Response> {
    return postToGateway({ url: this.url, token: this.token }, path, body);
  }
}
