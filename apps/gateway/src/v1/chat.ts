import { newId } from '@parapet/contracts/ids';
import {
  chatCompletionChunkSchema,
  chatCompletionRequestSchema,
  chatCompletionSchema,
  toChatMessages,
  toJsonSchema,
} from '@parapet/contracts/openai-chat';
import { unixSeconds } from '@parapet/contracts/openai-common';
import { toSampling, toStopList } from '@parapet/contracts/openai-generation';
import { endpoint } from '../http/endpoint.ts';
import { StreamedAnswer, WholeAnswer } from './answer.ts';
import { ChatTranslation } from './chat-translation.ts';
import { serveRequest } from './serve-request.ts';

export const createChatCompletion = endpoint({
  method: 'POST',
  path: '/v1/chat/completions',
  operationId: 'createChatCompletion',
  summary: 'Answer a conversation with a base model or an adapter.',
  rule: 'models.resolve',
  body: chatCompletionRequestSchema,
  answer: chatCompletionSchema,
  chunk: chatCompletionChunkSchema,
  handle(call) {
    const { body, reply } = call;
    const n = body.n ?? 1;
    const includeUsage = body.stream_options?.include_usage === true;
    const wantsVectors = body.parapet?.vectors === 'digest';
    const frame = { id: newId('chatCompletion'), created: unixSeconds(Date.now()), model: body.model, n };
    const translation = new ChatTranslation(frame, {
      wantsLogprobs: body.logprobs === true,
      includeUsage,
      wantsVectors,
    });
    return serveRequest(call, {
      model: body.model,
      prompts: [{ kind: 'chat', messages: toChatMessages(body.messages) }],
      strength: body.parapet?.adapter_strength ?? 1,
      generation: {
        n,
        maxTokens: body.max_completion_tokens ?? body.max_tokens ?? null,
        sampling: toSampling(body),
        stop: toStopList(body.stop),
        topLogprobs: body.logprobs ? (body.top_logprobs ?? 0) : null,
        promptLogprobs: false,
        jsonSchema: toJsonSchema(body.response_format),
        priority: 0,
        deadlineMs: null,
        vectorsDigest: wantsVectors,
      },
      answer: body.stream ? new StreamedAnswer(reply, translation, includeUsage) : new WholeAnswer(reply, translation),
    });
  },
});
