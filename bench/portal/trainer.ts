import { setTimeout as sleep } from 'node:timers/promises';
import type { StepMetrics } from '@parapet/contracts/recipe';
import { trainingLeaseSchema } from '@parapet/contracts/train-worker';

/**
 * A train worker that only reports: it leases a job by the workers' own wire and sends metrics, as many a second as it
 * is told. The gateway, its database and its event stream can't tell it from one that trains.
 */
export class Trainer {
  private step = 0;

  private constructor(
    private readonly gatewayUrl: string,
    private readonly token: string,
    private readonly jobId: string,
    private readonly fencingToken: number,
  ) {}

  /** Leases the one job that waits. */
  static async lease(gatewayUrl: string, token: string, baseDigest: string): Promise<Trainer> {
    for (let tries = 0; tries < 100; tries++) {
      const answer = await post(gatewayUrl, token, '/internal/train/lease', {
        workerName: 'bench',
        device: { kind: 'cpu', name: 'bench' },
        baseDigests: [baseDigest],
      });
      if (answer.status === 200) {
        const { jobId, fencingToken } = trainingLeaseSchema.parse(await answer.json());
        return new Trainer(gatewayUrl, token, jobId, fencingToken);
      }
      await sleep(200);
    }
    throw new Error('no job could be leased within 20 s');
  }

  async report(points: number, totalSteps: number): Promise<void> {
    const metrics = Array.from({ length: points }, () => this.point(totalSteps));
    const answer = await post(this.gatewayUrl, this.token, `/internal/train/jobs/${this.jobId}/events`, {
      fencingToken: this.fencingToken,
      metrics,
    });
    if (!answer.ok) throw new Error(`metrics were answered ${answer.status}: ${await answer.text()}`);
  }

  /** Sends one point at a time, `perSecond` of them, by the clock rather than by waiting: a late one is made up for. */
  async stream(perSecond: number, seconds: number, totalSteps: number): Promise<number> {
    const started = performance.now();
    let sent = 0;
    for (;;) {
      const elapsed = (performance.now() - started) / 1000;
      if (elapsed >= seconds) return sent;
      const due = Math.floor(elapsed * perSecond) - sent;
      if (due > 0) {
        await this.report(due, totalSteps);
        sent += due;
      }
      await sleep(1000 / perSecond / 2);
    }
  }

  async heartbeat(): Promise<void> {
    await post(this.gatewayUrl, this.token, `/internal/train/jobs/${this.jobId}/heartbeat`, {
      fencingToken: this.fencingToken,
      deviceMicros: this.step * 1000,
      step: this.step,
    });
  }

  /** A loss that falls and trembles, as one does. */
  private point(totalSteps: number): StepMetrics {
    this.step += 1;
    const { step } = this;
    const trainLoss = 0.2 + 3 * Math.exp(-step / 1500) + 0.1 * Math.sin(step * 1.7) * Math.cos(step * 0.31);
    return {
      step,
      totalSteps,
      epoch: (3 * step) / totalSteps,
      trainLoss,
      trainTokenAccuracy: Math.min(0.99, step / totalSteps),
      learningRate: 0.01,
      gradNorm: 1,
      tokensPerSecond: 4000,
      trainedTokens: step * 512,
      etaSeconds: (totalSteps - step) / 60,
      memoryBytes: 1.5e9,
      validLoss: step % 200 === 0 ? trainLoss + 0.05 : null,
      validTokenAccuracy: null,
    };
  }
}

const post = (gatewayUrl: string, token: string, path: string, body: unknown) =>
  fetch(gatewayUrl + path, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
