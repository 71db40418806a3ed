import type { OpenAiError } from '@parapet/contracts/errors';
import type { ChatCompletionChunk, ChatLogprobs } from '@parapet/contracts/openai-chat';
import { RefusedError } from '#lib/error-text.ts';
import { eventData } from '#lib/event-stream.ts';
import { common } from '#text/en/common.ts';

export type ChatUpdate = {
  text?: string;
  logprobs?: ChatLogprobs['content'];
  finish?: 'stop' | 'length';
  usage?: { promptTokens: number; completionTokens: number };
  requestId?: string;
};

/**
 * Streams one answer of /v1/chat/completions. Aborting the signal stops the generation.
 * @throws RefusedError with the gateway's own words, before or in the middle of the stream.
 */
export async function* streamChat(
  body: Record<string, unknown>,
  organisationId: string,
  signal: AbortSignal,
): AsyncGenerator<ChatUpdate> {
  const answer = await fetch('/v1/chat/completions', {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-parapet-organization': organisationId },
    body: JSON.stringify({ ...body, stream: true, stream_options: { include_usage: true } }),
    signal,
  });
  if (!answer.ok || answer.body === null) {
    const refusal = (await answer.json().catch(() => null)) as OpenAiError | null;
    throw refused(refusal, answer.status);
  }
  yield { requestId: answer.headers.get('x-request-id') ?? undefined };
  for await (const data of eventData(answer.body)) {
    if (data === '[DONE]') return;
    const chunk = JSON.parse(data) as ChatCompletionChunk | OpenAiError;
    if ('error' in chunk) throw refused(chunk, 500);
    const choice = chunk.choices[0];
    yield {
      text: choice?.delta.content,
      logprobs: choice?.logprobs?.content,
      finish: choice?.finish_reason ?? undefined,
      usage: chunk.usage
        ? { promptTokens: chunk.usage.prompt_tokens, completionTokens: chunk.usage.completion_tokens }
        : undefined,
    };
  }
}

function refused(body: OpenAiError | null, status: number): RefusedError {
  return new RefusedError(body?.error.message ?? common.unreachable, status, body?.error.code ?? null);
}
