import { newId } from '@parapet/contracts/ids';
import { unixSeconds } from '@parapet/contracts/openai-common';
import {
  completionRequestSchema,
  completionSchema,
  defaultCompletionTokens,
  toPrompts,
} from '@parapet/contracts/openai-completions';
import { toSampling, toStopList } from '@parapet/contracts/openai-generation';
import { endpoint } from '../http/endpoint.ts';
import { StreamedAnswer, WholeAnswer } from './answer.ts';
import { CompletionTranslation } from './completion-translation.ts';
import { serveRequest } from './serve-request.ts';

export const createCompletion = endpoint({
  method: 'POST',
  path: '/v1/completions',
  operationId: 'createCompletion',
  summary: 'Continue one or several prompts with a base model or an adapter.',
  rule: 'models.resolve',
  body: completionRequestSchema,
  answer: completionSchema,
  chunk: completionSchema,
  handle(call) {
    const { body, reply } = call;
    const n = body.n ?? 1;
    const prompts = toPrompts(body.prompt);
    const echo = body.echo === true;
    const includeUsage = body.stream_options?.include_usage === true;
    const wantsVectors = body.parapet?.vectors === 'digest';
    const wantsLogprobs = body.logprobs != null;
    const frame = { id: newId('completion'), created: unixSeconds(Date.now()), model: body.model, n };
    const translation = new CompletionTranslation(frame, prompts, { echo, wantsLogprobs, includeUsage, wantsVectors });
    return serveRequest(call, {
      model: body.model,
      prompts,
      strength: body.parapet?.adapter_strength ?? 1,
      generation: {
        n,
        maxTokens: body.max_tokens ?? defaultCompletionTokens,
        sampling: toSampling(body),
        stop: toStopList(body.stop),
        topLogprobs: body.logprobs ?? null,
        // Token ids are echoed as the text that the engine reports for them.
        promptLogprobs: echo && (wantsLogprobs || prompts.some((prompt) => prompt.kind === 'tokens')),
        jsonSchema: null,
        priority: 0,
        deadlineMs: null,
        vectorsDigest: wantsVectors,
      },
      answer: body.stream ? new StreamedAnswer(reply, translation, includeUsage) : new WholeAnswer(reply, translation),
    });
  },
});
