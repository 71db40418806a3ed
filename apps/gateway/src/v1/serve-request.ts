import { ParapetError } from '@parapet/contracts/errors';
import { asTenantId } from '@parapet/contracts/ids';
import type { EnginePrompt, GenerateEvent, GenerateRequest } from '@parapet/contracts/serve-worker';
import { type Admission, AdmissionRefused } from '@parapet/metering/metering';
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
 * whatever ended it. Nothing of an answer leaves before its hold is on the disk; the engine may begin meanwhile where
 * the caller has plenty left. An answer in one piece is settled before it is sent. A stream's last byte does not wait for
 * that, unless the organisation's next request would be refused for want of it.
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
  const isAhead = requests.length === 1 && services.headroom.has(callerOf(call));
  const booking = new Booking(admit(call, model, requests, isAhead), () => services.metering.flush());
  if (!isAhead) await booking.admission;

  const stop = new AbortController();
  const onClose = () => {
    if (!reply.raw.writableFinished) stop.abort();
  };
  reply.raw.once('close', onClose);
  if (reply.raw.destroyed) stop.abort();
  booking.open.catch(() => stop.abort());

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
          const take = () => plan.answer.take(promptIndex, event);
          return booking.isOpen ? take() : booking.open.then(take);
        },
      });
      // One prompt that fails fails the request: the others need not go on.
      if (end.error) stop.abort();
      const admission = await booking.admission.catch(() => null);
      if (admission === null) return end; // Refused after all: nothing was held, nothing leaves.
      const isAwaited = plan.answer.isSettledFirst || admission.slotsLeft === 0;
      const settled = settle(services, model, request, end, { startedAt: call.request.startedAt, isAwaited });
      if (isAwaited) await settled;
      return end;
    }),
  );
  reply.raw.off('close', onClose);

  const error = (await booking.refusal()) ?? ends.find((end) => end.error)?.error;
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

/** Holds for every prompt, or none: when one is refused the others are given back. Sets the rate limits' headers. */
async function admit(
  call: Call<unknown, unknown>,
  model: ServableModel,
  requests: readonly GenerateRequest[],
  isPatient: boolean,
): Promise<Admission> {
  const { metering, estimator, headroom } = call.services;
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
        isPatient,
      }),
    ),
  );
  const refused = results.find((result) => result.status === 'rejected');
  const last = results.findLast((result) => result.status === 'fulfilled');
  if (last) call.reply.headers(rateLimitHeaders(last.value.rateLimit));
  headroom.note(callerOf(call), !refused && last?.value.isRoomy === true);
  if (!refused) return last!.value;
  const admitted = requests.filter((_, index) => results[index]?.status === 'fulfilled');
  await Promise.all(
    admitted.map(({ requestId, tenantId }) =>
      metering.void({
        requestId,
        tenantId: asTenantId(tenantId),
        reason: 'another prompt of the request was refused',
      }),
    ),
  );
  if (refused.reason instanceof AdmissionRefused) call.reply.headers(rateLimitHeaders(refused.reason.rateLimit));
  throw refused.reason;
}

/** A request's admission, and then its hold's way to the disk. */
class Booking {
  readonly admission: Promise<Admission>;
  /** Kept when something of the answer may leave. */
  readonly open: Promise<void>;
  isOpen = false;

  constructor(admission: Promise<Admission>, flush: () => Promise<void>) {
    this.admission = admission;
    this.open = admission.then(flush).then(() => {
      this.isOpen = true;
    });
    this.open.catch(() => {});
  }

  /** Why nothing may leave; null = it may. */
  refusal(): Promise<unknown> {
    return this.open.then(
      () => null,
      (error: unknown) => error,
    );
  }
}

/** Charges what was used, or gives the hold back where the engine never worked for it. */
async function settle(
  services: GatewayServices,
  model: ServableModel,
  request: GenerateRequest,
  end: GenerationEnd,
  { startedAt, isAwaited }: { startedAt: number; isAwaited: boolean },
): Promise<void> {
  const { usage } = end;
  const { requestId } = request;
  const tenantId = asTenantId(request.tenantId);
  services.metrics.ended(end, startedAt);
  try {
    if (!end.began) {
      await services.metering.void({ requestId, tenantId, reason: end.outcome });
      return;
    }
    services.estimator.learn(model.baseDigest, usage);
    await services.metering.settle({
      requestId,
      tenantId,
      usage: {
        promptTokens: usage.promptTokens,
        cachedTokens: usage.cachedTokens,
        completionTokens: usage.completionTokens,
        gpuMicros: usage.prefillDeviceMicros + usage.decodeDeviceMicros,
        queueMicros: usage.queueMicros,
      },
      outcome: end.outcome,
      isPatient: !isAwaited,
    });
    services.settled.add(requestId);
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

/** Whose limits count: the organisation's and, where there is one, the key's. */
function callerOf(call: Call<unknown, unknown>): string {
  const { principal } = call.context;
  return principal.kind === 'api_key' ? principal.keyId : tenantOf(call).id;
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
