export type CallKind = 'query' | 'mutation';
/** Calls one procedure of the gateway and gives its result. */
export type Call = (kind: CallKind, path: string, input: unknown) => Promise<unknown>;

/** What tRPC puts beside an error's message. */
export type RefusalData = { code?: string; httpStatus?: number };

/** The gateway refused the call, with its own words; without `data` it did not answer at all. */
export class CallError extends Error {
  override readonly name = 'CallError';
  constructor(
    message: string,
    readonly data: RefusalData | null,
  ) {
    super(message);
  }
}

/**
 * tRPC's HTTP form: a query's input in the address, a mutation's in the body.
 * @throws CallError with the gateway's message, or without data when no gateway answered.
 */
export const call: Call = async (kind, path, input) => {
  const json = input === undefined ? undefined : JSON.stringify(input);
  const query = kind === 'query' && json !== undefined ? `?input=${encodeURIComponent(json)}` : '';
  let body: { result?: { data?: unknown }; error?: { message: string; data?: RefusalData } };
  try {
    const answer = await fetch(
      `/trpc/${path}${query}`,
      kind === 'query' ? {} : { method: 'POST', headers: { 'content-type': 'application/json' }, body: json },
    );
    body = await answer.json();
  } catch (cause) {
    throw new CallError(String(cause), null);
  }
  if (body.error || !body.result) throw new CallError(body.error?.message ?? '', body.error?.data ?? null);
  return body.result.data;
};
