import { ParapetError } from '@parapet/contracts/errors';
import type { EnginePrompt, GenerateEvent, GenerateRequest } from '@parapet/contracts/serve-worker';
import { AdmissionRefused } from '@parapet/metering/metering';
import type { Call } from '../http/endpoint.ts';
import { rateLimitHeaders } from '../http/rate-limit-headers.ts';
import type { GatewayServices, ServableModel } from '../services.ts';
import { type GenerationEnd, runGeneration } from '../serving/generation.ts';
import type { Answer } from './answer.ts';

/** What an endpoint asks of the engine: the same generation for each of its prompts. */
export interface GenerationPlan {
  model: string;
  prompts: readonly EnginePrompt[];
  strength: number;
  generation: Omit<GenerateRequest, 'requestId' | 'tenantId' | 'adapter' | 'prompt'>;
  answer: Answer;
}

/**
 * The whole way of a completion, for both endpoints: find the model, admit, generate, answer, and settle once
 * whatever ended it. Settlement comes before the last byte, so that who has an answer finds it in the books.
 */
export async function serveRequest(call: Call<unknown, unknown>, plan: GenerationPlan): Promise<object | undefined> {
  const { services, reply } = call;
  const model = await services.resolveModel(call.context, plan.model);
  if (model.adapter) {
    reply.header('x-parapet-adapter', `${model.adapter.id}@${model.adapter.version}`);
    reply.header('x-parapet-adapter-sha256', model.adapter.digest);
  }
  if (services.fleet.candidates(model.baseDigest, null).length === 0) throw noEngine(model);

  const requests = toRequests(call, plan, model);
  await admit(call, model, requests);

  const stop = new AbortController();
  const onClose = () => {
    if (!reply.raw.writableFinished) stop.abort();
  };
  reply.raw.once('close', onClose);
  if (reply.raw.destroyed) stop.abort();

  const clock = new TokenClock(services, call.request.startedAt);
  const ends = await Promise.all(
    requests.map(async (request, promptIndex) => {
      const end = await runGeneration({
        fleet: services.fleet,
        baseDigest: model.baseDigest,
        request,
        client: stop.signal,
        onEvent: (event) => {
          clock.tick(event);
          return plan.answer.take(promptIndex, event);
        },
      });
      // One prompt that fails fails the request: the others need not go on.
      if (end.error) stop.abort();
      await settle(services, model, request, end, call.request.startedAt);
      return end;
    }),
  );
  reply.raw.off('close', onClose);

  const error = ends.find((end) => end.error)?.error;
  if (error) {
    if (plan.answer.fail(error)) return undefined;
    throw error;
  }
  if (ends.some((end) => end.outcome === 'cancelled')) {
    plan.answer.fail(new ParapetError('invalid_request', 'The client closed the connection.'));
    if (!reply.raw.destroyed) reply.raw.destroy();
    reply.hijack();
    return undefined;
  }
  return plan.answer.finish(ends);
}

function toRequests(call: Call<unknown, unknown>, plan: GenerationPlan, model: ServableModel): GenerateRequest[] {
  return plan.prompts.map((prompt, index) => ({
    ...plan.generation,
    requestId: plan.prompts.length === 1 ? call.request.id : `${call.request.id}.${index}`,
    tenantId: tenantOf(call).id,
    adapter: model.adapter && { digest: model.adapter.digest, strength: plan.strength },
    prompt,
  }));
}

/** Holds for every prompt, or none: when one is refused the others are given back. */
async function admit(
  call: Call<unknown, unknown>,
  model: ServableModel,
  requests: readonly GenerateRequest[],
): Promise<void> {
  const { metering, estimator } = call.services;
  const { principal } = call.context;
  const results = await Promise.allSettled(
    requests.map((request) =>
      metering.admit({
        tenantId: tenantOf(call).id,
        keyId: principal.kind === 'api_key' ? principal.keyId : null,
        requestId: request.requestId,
        model: model.baseModel,
        adapter: model.adapter?.name ?? null,
        estimate: estimator.estimate({ ...request, ...model }),
      }),
    ),
  );
  const refused = results.find((result) => result.status === 'rejected');
  const last = results.findLast((result) => result.status === 'fulfilled');
  if (last) call.reply.headers(rateLimitHeaders(last.value.rateLimit));
  if (!refused) return;
  const admitted = requests.filter((_, index) => results[index]?.status === 'fulfilled');
  await Promise.all(
    admitted.map(({ requestId }) => metering.void({ requestId, reason: 'another prompt of the request was refused' })),
  );
  if (refused.reason instanceof AdmissionRefused) call.reply.headers(rateLimitHeaders(refused.reason.rateLimit));
  throw refused.reason;
}

/** Charges what was used, or gives the hold back where the engine never worked for it. */
async function settle(
  services: GatewayServices,
  model: ServableModel,
  { requestId }: GenerateRequest,
  end: GenerationEnd,
  startedAt: number,
): Promise<void> {
  const { usage } = end;
  services.metrics.ended(end, startedAt);
  try {
    if (!end.began) {
      await services.metering.void({ requestId, reason: end.outcome });
      return;
    }
    services.estimator.learn(model.baseDigest, usage);
    await services.metering.settle({
      requestId,
      usage: {
        promptTokens: usage.promptTokens,
        cachedTokens: usage.cachedTokens,
        completionTokens: usage.completionTokens,
        gpuMicros: usage.prefillDeviceMicros + usage.decodeDeviceMicros,
        queueMicros: usage.queueMicros,
      },
      outcome: end.outcome,
    });
  } catch (error) {
    // The worker repeats its own account in every heartbeat until it is booked; the answer need not wait for that.
    services.log.error({ err: error, requestId }, 'settlement failed; the report of the worker will settle it');
  }
}

export function tenantOf(call: Call<unknown, unknown>) {
  const { principal } = call.context;
  if (principal.kind !== 'system' && principal.tenancy) return principal.tenancy;
  throw new ParapetError('permission_denied', 'You are in no organisation. Make one, or accept an invitation.');
}

const noEngine = (model: ServableModel) =>
  new ParapetError('engine_unavailable', `No engine serves ${model.baseModel} right now: try again shortly.`, {
    retryAfterMs: 2_000,
  });

/** Observes the first token and the pace of the others. */
class TokenClock {
  readonly #services: GatewayServices;
  readonly #startedAt: number;
  #last: number | null = null;

  constructor(services: GatewayServices, startedAt: number) {
    this.#services = services;
    this.#startedAt = startedAt;
  }

  tick(event: GenerateEvent): void {
    if (event.type !== 'text' || event.tokens === 0) return;
    const now = performance.now();
    const { firstToken, interToken } = this.#services.metrics;
    if (this.#last === null) firstToken.observe((now - this.#startedAt) / 1000);
    else interToken.observe((now - this.#last) / 1000 / event.tokens);
    this.#last = now;
  }
}
