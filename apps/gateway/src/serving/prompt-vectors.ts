import { ParapetError } from '@parapet/contracts/errors';
import { newId } from '@parapet/contracts/ids';
import { type GenerateRequest, samplingSchema, type VectorsSummary } from '@parapet/contracts/serve-worker';
import type { PromptVectorsInput } from '@parapet/control/context';
import type { Metering } from '@parapet/metering/metering';
import type { CostEstimator } from './cost-estimator.ts';
import type { Fleet } from './fleet.ts';
import { runGeneration } from './generation.ts';

/** The tenant waits for the page, not for an answer's end: one token is enough to have the vectors. */
const timeoutMs = 60_000;

/**
 * A prompt's vectors from an engine: a generation of one token, admitted and settled like any other request.
 * @throws ParapetError as a completion does.
 */
export const promptVectors =
  ({ fleet, metering, estimator }: { fleet: Fleet; metering: Metering; estimator: CostEstimator }) =>
  async (input: PromptVectorsInput): Promise<VectorsSummary> => {
    const requestId = newId('request');
    const request: GenerateRequest = {
      requestId,
      tenantId: input.tenantId,
      adapter: { digest: input.adapter.digest, strength: 1 },
      prompt: { kind: 'chat', messages: [{ role: 'user', content: input.prompt }] },
      n: 1,
      maxTokens: 1,
      sampling: samplingSchema.parse({ temperature: 0 }),
      stop: [],
      topLogprobs: null,
      promptLogprobs: false,
      jsonSchema: null,
      priority: 0,
      deadlineMs: timeoutMs,
      vectorsDigest: false,
      vectorsSummary: true,
    };
    const { tenantId, keyId, baseModel, baseDigest, adapter } = input;
    const contextTokens = 8192;
    const estimate = estimator.estimate({ ...request, baseDigest, contextTokens });
    await metering.admit({ tenantId, keyId, requestId, model: baseModel, adapter: adapter.name, estimate });
    let found: VectorsSummary | null = null;
    const end = await runGeneration({
      fleet,
      baseDigest,
      request,
      client: AbortSignal.timeout(timeoutMs),
      onEvent: (event) => {
        if (event.type === 'done') found = event.vectors ?? null;
      },
    });
    if (end.began) {
      const { promptTokens, cachedTokens, completionTokens, queueMicros } = end.usage;
      const gpuMicros = end.usage.prefillDeviceMicros + end.usage.decodeDeviceMicros;
      const usage = { promptTokens, cachedTokens, completionTokens, gpuMicros, queueMicros };
      await metering.settle({ requestId, usage, outcome: end.outcome });
    } else {
      await metering.void({ requestId, reason: end.outcome });
    }
    await metering.flush();
    if (end.error) throw end.error;
    if (found === null) throw new ParapetError('engine_unavailable', 'The engine told no vectors: try again shortly.');
    return found;
  };
