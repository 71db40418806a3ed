import { fromZodError, ParapetError } from '@parapet/contracts/errors';
import type { ControlContext, Principal } from '@parapet/control/context';
import type { VerbName } from '@parapet/control/rules';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import type { GatewayServices } from '../services.ts';
import { nulRefusal } from './app.ts';
import { sendError } from './errors.ts';
import { withIdempotency } from './idempotency.ts';
import { rateLimitHeaders } from './rate-limit-headers.ts';

/** One call of an endpoint: authenticated, its input parsed. */
export interface Call<B, Q> {
  services: GatewayServices;
  /** Who calls, as control's verbs take it. */
  context: ControlContext;
  body: B;
  query: Q;
  /** Path parameters, decoded. */
  params: Record<string, string>;
  request: FastifyRequest;
  reply: FastifyReply;
}

/** An endpoint of /v1: what serves it, documents it and names the rule that guards it. */
export interface Endpoint<B extends z.ZodType = z.ZodType, Q extends z.ZodType = z.ZodType> {
  method: 'GET' | 'POST' | 'DELETE';
  /** Fastify's form: `/v1/files/:id`. */
  path: string;
  operationId: string;
  summary: string;
  /** The rule of control that every caller must meet; the verb that is called holds to it. */
  rule: VerbName;
  body?: B;
  /** Body that is read by the endpoint itself. */
  multipart?: z.ZodType;
  query?: Q;
  /** What a 200 holds; `bytes` = a file. */
  answer: z.ZodType | 'bytes';
  /** What a stream's events hold, where `stream` may be asked for. */
  chunk?: z.ZodType;
  /** Answers with an object, or sends the reply itself and answers nothing. */
  handle(call: Call<z.output<B>, z.output<Q>>): Promise<object | undefined>;
}

/** Keeps the types of body and query together in a literal. */
export const endpoint = <B extends z.ZodType = z.ZodUndefined, Q extends z.ZodType = z.ZodUndefined>(
  definition: Endpoint<B, Q>,
): Endpoint => definition as unknown as Endpoint;

/** Parses one part of a request, or refuses it by the name of the field at fault. */
export function parseInput<S extends z.ZodType>(schema: S, value: unknown): z.output<S> {
  const result = schema.safeParse(value);
  if (!result.success) throw fromZodError(result.error);
  return result.data;
}

/** Who sent a request, once it is authenticated. */
const callers = new WeakMap<FastifyRequest, Principal>();

function callerOf(request: FastifyRequest): Principal {
  const caller = callers.get(request);
  if (caller === undefined) throw new Error('A handler ran before its request was authenticated.');
  return caller;
}

export function addEndpoint(app: FastifyInstance, services: GatewayServices, definition: Endpoint): void {
  app.route({
    method: definition.method,
    url: definition.path,
    // Before the body is read: nobody unknown has theirs parsed, and a body that can't be read is answered as its caller's.
    onRequest: async (request) => {
      callers.set(request, await services.authenticate(request));
    },
    errorHandler: async (error, request, reply) => {
      const caller = callers.get(request);
      if (caller && !tellsLimits(reply)) reply.headers(await limitsOf(services, caller).catch(() => ({})));
      return sendError(error, request, reply);
    },
    handler: async (request, reply) => {
      const principal = callerOf(request);
      const inPath = Object.values(request.params as Record<string, string>);
      const inQuery = Object.entries(request.query as Record<string, string | string[]>).flat(2);
      if ([...inPath, ...inQuery].some((text) => text.includes('\0'))) throw nulRefusal();
      // An inference answer tells what its own admission left; refused before that, what there is.
      if (definition.rule !== 'models.resolve') reply.headers(await limitsOf(services, principal));
      const context: ControlContext = {
        services: services.control,
        principal,
        origin: { ip: request.ip, userAgent: request.headers['user-agent'] ?? null, requestId: request.id },
      };
      const call: Call<unknown, unknown> = {
        services,
        context,
        body: definition.body ? parseInput(definition.body, bodyOf(request)) : undefined,
        query: parseQuery(definition, request),
        params: request.params as Record<string, string>,
        request,
        reply,
      };
      const answer = await withIdempotency(definition, call, () => definition.handle(call));
      if (answer !== undefined) return reply.send(answer);
      return reply;
    },
  });
}

const tellsLimits = (reply: FastifyReply): boolean =>
  reply.hasHeader('x-ratelimit-limit-requests') || reply.hasHeader('x-ratelimit-limit-tokens');

async function limitsOf({ metering }: GatewayServices, principal: Principal): Promise<Record<string, string>> {
  if (principal.kind === 'system' || principal.tenancy === null) return {};
  const keyId = principal.kind === 'api_key' ? principal.keyId : null;
  return rateLimitHeaders(await metering.rateLimit({ tenantId: principal.tenancy.id, keyId }));
}

function bodyOf(request: FastifyRequest): unknown {
  if (request.body === undefined || request.body === null) {
    throw new ParapetError('invalid_request', 'The body is empty: send a JSON object.');
  }
  dropNulls(request.body, 0);
  return request.body;
}

/** Members whose content is the caller's own. */
const verbatim = new Set(['response_format', 'metadata', 'logit_bias']);
/** As deep as any body has members that we read. */
const maxDepth = 6;

/**
 * A null means the same as an absent member: clients write both, and send the nulls of an answer's message back to us.
 * Of a list that begins with anything but an object nothing is read: it is text or token ids.
 */
function dropNulls(value: unknown, depth: number): void {
  if (typeof value !== 'object' || value === null || depth > maxDepth) return;
  if (Array.isArray(value)) {
    if (typeof value[0] === 'object') for (const item of value) dropNulls(item, depth + 1);
    return;
  }
  const members = value as Record<string, unknown>;
  for (const name of Object.keys(members)) {
    if (members[name] === null) delete members[name];
    else if (!verbatim.has(name)) dropNulls(members[name], depth + 1);
  }
}

function parseQuery({ query }: Endpoint, request: FastifyRequest): unknown {
  if (query) return parseInput(query, request.query);
  const [unknown] = Object.keys(request.query as object);
  if (unknown === undefined) return undefined;
  throw new ParapetError('unsupported_parameter', `Unsupported parameter: '${unknown}'. Remove it from the request.`, {
    param: unknown,
  });
}
