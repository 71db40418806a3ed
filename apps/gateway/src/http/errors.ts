import { ParapetError, toOpenAiError } from '@parapet/contracts/errors';
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { withoutKeys } from './log.ts';

/** Fastify's own refusals in our words; null = not one of them. */
function fromFastify(error: FastifyError): ParapetError | null {
  switch (error.code) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
    case 'FST_REQ_FILE_TOO_LARGE':
      return new ParapetError('payload_too_large', 'The request is larger than this endpoint takes.');
    case 'FST_ERR_CTP_INVALID_JSON_BODY':
      return new ParapetError('invalid_request', 'The body is not valid JSON.');
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return new ParapetError('invalid_request', 'This content type is not taken here: send application/json.');
    case 'FST_INVALID_MULTIPART_CONTENT_TYPE':
      return new ParapetError('invalid_request', 'Send the file as multipart/form-data.');
    default:
      if (error.statusCode === undefined || error.statusCode < 400 || error.statusCode >= 500) return null;
      return new ParapetError('invalid_request', 'The request could not be read: check its headers and its body.');
  }
}

/** The refusal that any thrown thing is; unknown ones stay what they are and become a 500. */
export const asRefusal = (error: unknown): unknown =>
  error instanceof ParapetError
    ? error
    : error instanceof Error
      ? (fromFastify(error as FastifyError) ?? error)
      : error;

/** Retry headers as the official clients read them. */
export function retryHeaders(error: unknown): Record<string, string> {
  if (!(error instanceof ParapetError)) return {};
  const headers: Record<string, string> = {};
  const final = ['insufficient_quota', 'conflict', 'idempotency_conflict', 'stale_lease'];
  if (final.includes(error.code)) headers['x-should-retry'] = 'false';
  const waitMs = error.details.retryAfterMs ?? (error.code.startsWith('engine_') ? 1_000 : undefined);
  if (waitMs !== undefined && error.code !== 'insufficient_quota') {
    headers['retry-after-ms'] = String(Math.ceil(waitMs));
    headers['retry-after'] = String(Math.max(1, Math.ceil(waitMs / 1000)));
  }
  return headers;
}

/** The one place where an error becomes an answer. */
export function sendError(thrown: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const error = asRefusal(thrown);
  const { status, body } = toOpenAiError(error);
  if (status >= 500 && !(error instanceof ParapetError)) {
    request.log.error({ err: error, requestId: request.id }, 'request failed');
  }
  const text = withoutKeys(JSON.stringify(body));
  return reply.code(status).headers(retryHeaders(error)).type('application/json; charset=utf-8').send(text);
}
