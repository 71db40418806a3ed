import { type ErrorCode, errorTable, ParapetError } from '@parapet/contracts/errors';
import type { SignInOptions } from '@parapet/contracts/portal/session';
import type { ControlContext, ControlServices, Origin, Principal } from '@parapet/control/context';
import type { Verb } from '@parapet/control/verb';
import { initTRPC, TRPCError, type TRPCMutationProcedure, type TRPCQueryProcedure } from '@trpc/server';
import type { TRPC_ERROR_CODE_KEY } from '@trpc/server/rpc';
import { ZodError, type z } from 'zod';
import { escapedNul, nulRefusal } from '../http/app.ts';
import { withoutKeys } from '../http/log.ts';

export interface TrpcContext {
  services: ControlServices;
  /** The person whose session cookie came with the request; null = nobody is signed in. */
  person: Extract<Principal, { kind: 'user' }> | null;
  origin: Origin;
  signIn: SignInOptions;
}

const codeOfStatus: Record<number, TRPC_ERROR_CODE_KEY> = {
  400: 'BAD_REQUEST',
  401: 'UNAUTHORIZED',
  403: 'FORBIDDEN',
  404: 'NOT_FOUND',
  405: 'METHOD_NOT_SUPPORTED',
  409: 'CONFLICT',
  413: 'PAYLOAD_TOO_LARGE',
  422: 'UNPROCESSABLE_CONTENT',
  429: 'TOO_MANY_REQUESTS',
  500: 'INTERNAL_SERVER_ERROR',
  503: 'SERVICE_UNAVAILABLE',
  504: 'GATEWAY_TIMEOUT',
};

/** What a client reads of a failure: a code of errors.ts and a sentence; never a stack, never an inner message. */
const t = initTRPC.context<TrpcContext>().create({
  isDev: false,
  errorFormatter({ shape, error }) {
    const { message, reason, param } = explain(error);
    return {
      ...shape,
      message: withoutKeys(message),
      data: {
        code: shape.data.code,
        httpStatus: shape.data.httpStatus,
        reason,
        param: param === null ? null : withoutKeys(param),
      },
    };
  },
});

function explain(error: TRPCError): { message: string; reason: ErrorCode; param: string | null } {
  const { cause } = error;
  if (cause instanceof ParapetError) {
    return { message: cause.message, reason: cause.code, param: cause.details.param ?? null };
  }
  if (cause instanceof ZodError) {
    const issue = cause.issues[0];
    const param = issue?.path.map(String).join('.') || null;
    return {
      message: `${param === null ? 'The input' : param}: ${issue?.message ?? 'unreadable'}.`,
      reason: 'invalid_request',
      param,
    };
  }
  if (error.code === 'NOT_FOUND') return { message: error.message, reason: 'not_found', param: null };
  if (error.code === 'BAD_REQUEST' || error.code === 'PARSE_ERROR') {
    return { message: 'The call could not be read.', reason: 'invalid_request', param: null };
  }
  return {
    message: 'Something went wrong on our side. Try again; the log has the rest.',
    reason: 'internal',
    param: null,
  };
}

export const { router } = t;

/** A refusal with the status of the one error table. */
export function refusalOf(cause: ParapetError): TRPCError {
  const code = codeOfStatus[errorTable[cause.code].status] ?? 'INTERNAL_SERVER_ERROR';
  return new TRPCError({ code, message: cause.message, cause });
}

/** Refusals of verbs become tRPC errors with the status of the one error table; a NUL comes no further than this. */
export const publicProcedure = t.procedure.use(async ({ next, getRawInput }) => {
  if (escapedNul.test(JSON.stringify(await getRawInput()) ?? '')) throw refusalOf(nulRefusal());
  const result = await next();
  if (!result.ok && result.error.cause instanceof ParapetError) {
    throw refusalOf(result.error.cause);
  }
  return result;
});

/** For the signed-in; `ctx.call` is what verbs take. */
export const procedure = publicProcedure.use(({ ctx, next }) => next({ ctx: { call: callOf(ctx) } }));

export function callOf({ services, person, origin }: TrpcContext): ControlContext {
  if (person === null) throw new ParapetError('unauthenticated', 'Sign in first.');
  return { services, principal: person, origin };
}

type Query<I extends z.ZodType, O> = TRPCQueryProcedure<{ input: z.input<I>; output: O; meta: unknown }>;
type Mutation<I extends z.ZodType, O> = TRPCMutationProcedure<{ input: z.input<I>; output: O; meta: unknown }>;

// tRPC can't infer through a type parameter; the casts state what the two lines above them do: parse with the verb's
// own schema, answer what the verb answers.

/** A verb that reads, as a query. */
export function query<I extends z.ZodType, O>(verb: Verb<I, O>): Query<I, O> {
  return procedure
    .input((raw: unknown) => verb.input.parse(raw))
    .query(({ ctx, input }) => verb(ctx.call, input as z.output<I>)) as unknown as Query<I, O>;
}

/** A verb that changes something, as a mutation. */
export function mutation<I extends z.ZodType, O>(verb: Verb<I, O>): Mutation<I, O> {
  return procedure
    .input((raw: unknown) => verb.input.parse(raw))
    .mutation(({ ctx, input }) => verb(ctx.call, input as z.output<I>)) as unknown as Mutation<I, O>;
}
