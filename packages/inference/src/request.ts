import { ParapetError } from '@parapet/contracts/errors';
import type { EnginePrompt, GenerateRequest } from '@parapet/contracts/serve-worker';
import type { BaseModel } from '@parapet/models/open';

/** The prompt as tokens. @throws ParapetError for one the model can't read */
export function promptTokens(
  model: Pick<BaseModel, 'tokenizer' | 'chatTemplate' | 'spec'>,
  prompt: EnginePrompt,
): number[] {
  const tokens = tokensOf(model, prompt);
  if (tokens.length === 0) throw new ParapetError('invalid_request', 'The prompt is empty.', { param: 'prompt' });
  return tokens;
}

function tokensOf(
  { tokenizer, chatTemplate, spec }: Pick<BaseModel, 'tokenizer' | 'chatTemplate' | 'spec'>,
  prompt: EnginePrompt,
): number[] {
  switch (prompt.kind) {
    case 'text':
      return tokenizer.encode(prompt.text);
    case 'tokens': {
      const unknown = prompt.tokens.find((token) => token >= spec.vocab);
      if (unknown === undefined) return prompt.tokens;
      throw new ParapetError('invalid_request', `Token ${unknown} is not in the vocabulary of ${spec.vocab}.`, {
        param: 'prompt',
      });
    }
    case 'chat':
      if (chatTemplate === null) {
        throw new ParapetError('invalid_request', 'This base model has no chat format: use /v1/completions.', {
          param: 'messages',
        });
      }
      return chatTemplate.prompt(prompt.messages);
  }
}

/** Completion tokens a row may have. @throws context_length_exceeded when they don't fit behind the prompt */
export function completionLimit(request: GenerateRequest, prompt: number, context: number): number {
  if (prompt >= context) {
    throw new ParapetError(
      'context_length_exceeded',
      `This model's maximum context length is ${context} tokens, and the prompt has ${prompt}. Shorten the prompt.`,
      { param: request.prompt.kind === 'chat' ? 'messages' : 'prompt' },
    );
  }
  if (request.maxTokens === null) return context - prompt;
  if (prompt + request.maxTokens <= context) return request.maxTokens;
  throw new ParapetError(
    'context_length_exceeded',
    `This model's maximum context length is ${context} tokens; ${prompt} in the prompt and ${request.maxTokens} for the ` +
      'completion are more. Shorten the prompt or lower max_tokens.',
    { param: 'max_tokens' },
  );
}
