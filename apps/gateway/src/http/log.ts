import { type DestinationStream, type Logger, pino } from 'pino';

/** Anything that looks like one of our secrets, wherever it stands: keys, sessions, bearer tokens. */
const secrets = /\b(pk_(?:live|test)_|sk_|whsec_)[\w-]+|(bearer\s+)\S+/gi;

/** A text without whole keys: who put one in the wrong place is not shown it in a message that others may read. */
export const withoutKeys = (text: string): string =>
  text.replace(/\b(pk_(?:live|test)_|whsec_)[\w-]{20,}/g, (_whole, prefix: string) => `${prefix}[redacted]`);

/** A text without secrets and without the values that a database error quotes. */
export function scrub(text: string): string {
  return text
    .replace(secrets, (_whole, prefix?: string, bearer?: string) => `${prefix ?? bearer}[redacted]`)
    .replace(/\bparams: [\s\S]*?(?=\n\s+at |$)/, 'params: [redacted]');
}

/** What a log may say of an error: no values of the request, no secrets. */
export function describeError(error: unknown): object {
  if (!(error instanceof Error)) return { type: typeof error, message: scrub(String(error)) };
  const code = (error as NodeJS.ErrnoException).code;
  return {
    type: error.name,
    message: scrub(error.message),
    stack: scrub(error.stack ?? ''),
    ...(typeof code === 'string' && { code }),
    ...(error.cause instanceof Error && { cause: { type: error.cause.name, message: scrub(error.cause.message) } }),
  };
}

/** JSON lines. Bodies, prompts, query strings and headers are never handed to it. */
export function createLogger(level: string, destination?: DestinationStream): Logger {
  return pino(
    {
      level,
      base: { service: 'gateway' },
      serializers: { err: describeError, error: describeError },
      redact: { paths: ['*.authorization', '*.cookie', '*.password', '*.secret', '*.token'], censor: '[redacted]' },
    },
    destination ?? pino.destination(1),
  );
}
