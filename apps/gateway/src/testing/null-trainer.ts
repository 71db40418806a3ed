/**
 * A train worker that computes nothing: it speaks the whole contract over HTTP (lease, blobs, events, checkpoints,
 * finish) and hands in an adapter without tensors. What is tested against it is the gateway.
 */
import { createHash } from 'node:crypto';
import type { StepMetrics } from '@parapet/contracts/recipe';
import type { CheckpointReport, FinishReport, TrainingEvents, TrainingLease } from '@parapet/contracts/train-worker';
import { adapterFile } from '@parapet/control/testing';
import { request } from 'undici';

const steps = 2;

const metricsOf = (step: number): StepMetrics => ({
  step,
  totalSteps: steps,
  epoch: step / steps,
  trainLoss: 1 / step,
  trainTokenAccuracy: 0.5,
  learningRate: 0.001,
  gradNorm: 1,
  tokensPerSecond: 100,
  trainedTokens: 50 * step,
  etaSeconds: 0,
  memoryBytes: 1,
  validLoss: null,
  validTokenAccuracy: null,
});

/** Takes one job after the other until the signal is aborted. */
export async function runNullTrainer(gatewayUrl: string, token: string, baseDigest: string, signal: AbortSignal) {
  const send = async (method: 'POST' | 'PUT', path: string, body: object | Buffer) => {
    const isBytes = Buffer.isBuffer(body);
    const answer = await request(`${gatewayUrl}/internal${path}`, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        'content-type': isBytes ? 'application/octet-stream' : 'application/json',
      },
      body: isBytes ? body : JSON.stringify(body),
    });
    const text = await answer.body.text();
    if (answer.statusCode >= 400) throw new Error(`${path} answered ${answer.statusCode}: ${text}`);
    return text === '' ? null : JSON.parse(text);
  };
  const keep = async (bytes: Buffer) => {
    const digest = createHash('sha256').update(bytes).digest('hex');
    await send('PUT', `/blobs/${digest}`, bytes);
    return digest;
  };
  const worker = { workerName: 'null', device: { kind: 'cpu', name: 'null' }, baseDigests: [baseDigest] };
  while (!signal.aborted) {
    const lease = (await send('POST', '/train/lease', worker)) as TrainingLease | null;
    if (lease === null) {
      await new Promise((resolve) => setTimeout(resolve, 50));
      continue;
    }
    const job = `/train/jobs/${lease.jobId}`;
    const { fencingToken } = lease;
    const adapterDigest = await keep(adapterFile(baseDigest, lease.baseModel));
    for (let step = 1; step <= steps; step++) {
      const metrics = metricsOf(step);
      await send('POST', `${job}/events`, {
        fencingToken,
        metrics: [metrics],
        messages: [],
        samples: [],
      } satisfies TrainingEvents);
      const stateDigest = await keep(Buffer.from(`${lease.jobId} ${step}`));
      const checkpoint: CheckpointReport = { fencingToken, step, stateDigest, adapterDigest, metrics };
      await send('POST', `${job}/checkpoints`, checkpoint);
    }
    const outcome: FinishReport['outcome'] = {
      status: 'succeeded',
      adapterDigest,
      steps,
      trainedTokens: 50 * steps,
      finalMetrics: metricsOf(steps),
      bestStep: steps,
      stoppedEarly: false,
    };
    await send('POST', `${job}/finish`, { fencingToken, deviceMicros: 1000, outcome } satisfies FinishReport);
  }
}
