import { z } from 'zod';
import type { RowProblem } from './training-row.ts';

/**
 * The closed union of everything that can be refused, with its HTTP status and the `type` and `code` of
 * OpenAI's error body. One mapper a transport reads this table; no route invents its own.
 */
export const errorTable = {
  invalid_request: { status: 400, type: 'invalid_request_error', code: null },
  unsupported_parameter: { status: 400, type: 'invalid_request_error', code: 'unsupported_parameter' },
  context_length_exceeded: { status: 400, type: 'invalid_request_error', code: 'context_length_exceeded' },
  invalid_training_file: { status: 400, type: 'invalid_request_error', code: 'invalid_training_file' },
  invalid_adapter: { status: 400, type: 'invalid_request_error', code: 'invalid_adapter' },
  base_model_mismatch: { status: 400, type: 'invalid_request_error', code: 'base_model_mismatch' },
  invalid_api_key: { status: 401, type: 'invalid_request_error', code: 'invalid_api_key' },
  unauthenticated: { status: 401, type: 'invalid_request_error', code: 'unauthenticated' },
  permission_denied: { status: 403, type: 'invalid_request_error', code: 'permission_denied' },
  tenant_suspended: { status: 403, type: 'invalid_request_error', code: 'tenant_suspended' },
  not_found: { status: 404, type: 'invalid_request_error', code: 'not_found' },
  model_not_found: { status: 404, type: 'invalid_request_error', code: 'model_not_found' },
  method_not_allowed: { status: 405, type: 'invalid_request_error', code: 'method_not_allowed' },
  conflict: { status: 409, type: 'invalid_request_error', code: 'conflict' },
  idempotency_conflict: { status: 409, type: 'invalid_request_error', code: 'idempotency_conflict' },
  stale_lease: { status: 409, type: 'invalid_request_error', code: 'stale_lease' },
  payload_too_large: { status: 413, type: 'invalid_request_error', code: 'payload_too_large' },
  unprocessable: { status: 422, type: 'invalid_request_error', code: 'unprocessable' },
  rate_limit_exceeded: { status: 429, type: 'rate_limit_error', code: 'rate_limit_exceeded' },
  concurrency_exceeded: { status: 429, type: 'rate_limit_error', code: 'rate_limit_exceeded' },
  insufficient_quota: { status: 429, type: 'insufficient_quota', code: 'insufficient_quota' },
  row_failed: { status: 500, type: 'server_error', code: 'row_failed' },
  internal: { status: 500, type: 'server_error', code: 'internal_error' },
  engine_overloaded: { status: 503, type: 'server_error', code: 'engine_overloaded' },
  engine_unavailable: { status: 503, type: 'server_error', code: 'engine_unavailable' },
  provider_unreachable: { status: 503, type: 'server_error', code: 'provider_unreachable' },
  deadline_exceeded: { status: 504, type: 'server_error', code: 'deadline_exceeded' },
} as const satisfies Record<string, { status: number; type: string; code: string | null }>;

export type ErrorCode = keyof typeof errorTable;

/** An expected refusal. `message` says what was wrong and what to do; it is shown to the caller as it is. */
export class ParapetError extends Error {
  override readonly name = 'ParapetError';
  constructor(
    readonly code: ErrorCode,
    message: string,
    readonly details: {
      /** The request field at fault, as the caller wrote it. */
      param?: string;
      /** When trying again may help, in milliseconds. */
      retryAfterMs?: number;
      /** A finer code than the table's, such as `missing_content` of a training file. */
      subcode?: string;
      /** What was wrong with a training file: the first problems, and how many there are. */
      problems?: { problems: RowProblem[]; total: number };
      /** Kept for the log only; never sent. */
      cause?: unknown;
    } = {},
  ) {
    super(message, { cause: details.cause });
  }
}

/** OpenAI's error body: all four keys always there; what we add is under `parapet`. */
export const openAiErrorSchema = z.object({
  error: z.object({
    message: z.string(),
    type: z.string(),
    param: z.string().nullable(),
    code: z.string().nullable(),
    parapet: z.record(z.string(), z.unknown()).optional(),
  }),
});
export type OpenAiError = z.infer<typeof openAiErrorSchema>;

/** The one mapper to OpenAI bodies. Anything but a ParapetError becomes a 500 that tells nothing of the inside. */
export function toOpenAiError(error: unknown): { status: number; body: OpenAiError; retryAfterMs?: number } {
  if (error instanceof ParapetError) {
    const row = errorTable[error.code];
    return {
      status: row.status,
      body: {
        error: {
          message: error.message,
          type: row.type,
          param: error.details.param ?? null,
          code: error.details.subcode ?? row.code,
          ...(error.details.problems && { parapet: error.details.problems }),
        },
      },
      retryAfterMs: error.details.retryAfterMs,
    };
  }
  return {
    status: 500,
    body: {
      error: {
        message: 'The server had an error while processing your request. Retry, and quote x-request-id if it persists.',
        type: 'server_error',
        param: null,
        code: 'internal_error',
      },
    },
  };
}

/** The first problem of a failed zod parse as a ParapetError that names the field. */
export function fromZodError(error: z.ZodError): ParapetError {
  const issue = error.issues[0] && whatWasMeant(error.issues[0]);
  const param = issue?.path.map(String).join('.') ?? '';
  if (issue?.code === 'unrecognized_keys') {
    const name = [...issue.path.map(String), issue.keys[0]].join('.');
    return new ParapetError('unsupported_parameter', `Unsupported parameter: '${name}'. Remove it from the request.`, {
      param: name,
    });
  }
  const where = param === '' ? '' : ` for '${param}'`;
  return new ParapetError('invalid_request', `Invalid value${where}: ${issue?.message ?? 'unreadable'}.`, {
    param: param === '' ? undefined : param,
  });
}

type Issue = z.core.$ZodIssue;

/**
 * Of a value that may have several forms, the problem of the form that was meant: the one whose problem lies deepest, or
 * is not that the whole is of another type. Where it is none of them, what they expect.
 */
function whatWasMeant(issue: Issue): Issue {
  if (issue.code !== 'invalid_union') return issue;
  const forms = issue.errors.flatMap(([first]) => (first ? [whatWasMeant(first)] : []));
  const isOther = (form: Issue) =>
    form.path.length === 0 && (form.code === 'invalid_type' || form.code === 'invalid_value');
  const [best] = forms.filter((form) => !isOther(form)).sort((a, b) => b.path.length - a.path.length);
  if (best) return { ...best, path: [...issue.path, ...best.path] };
  const expected = new Set(
    forms.map(({ message }) => message.replace(/^.*expected /, '').replace(/, received.*$/, '')),
  );
  if (expected.size === 0) return issue;
  return { ...issue, message: `expected ${[...expected].join(' or ')}` };
}
