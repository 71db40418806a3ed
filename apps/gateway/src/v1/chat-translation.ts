import type { ChatCompletion, ChatCompletionChunk, ChatLogprobs } from '@parapet/contracts/openai-chat';
import type { GenerateEvent, TokenLogprob } from '@parapet/contracts/serve-worker';
import { type AnswerFrame, closing, type PromptOutcome, type Translation, wireFinishReason } from './translation.ts';

type ChunkChoice = ChatCompletionChunk['choices'][number];
type Choice = ChatCompletion['choices'][number];

const toToken = ({ text, logprob, bytes }: Omit<TokenLogprob, 'top' | 'id'>) => ({ token: text, logprob, bytes });

const toLogprobs = (tokens: readonly TokenLogprob[]): ChatLogprobs => ({
  content: tokens.map((token) => ({ ...toToken(token), top_logprobs: token.top.map(toToken) })),
  refusal: null,
});

export interface ChatOptions {
  wantsLogprobs: boolean;
  includeUsage: boolean;
  wantsVectors: boolean;
}

/** Engine events → `chat.completion` and `chat.completion.chunk`. A chat has one prompt. */
export class ChatTranslation implements Translation {
  readonly #frame: AnswerFrame;
  readonly #options: ChatOptions;
  readonly #choices: { text: string; logprobs: TokenLogprob[] | null; finish: 'stop' | 'length' }[];

  constructor(frame: AnswerFrame, options: ChatOptions) {
    this.#frame = frame;
    this.#options = options;
    this.#choices = Array.from({ length: frame.n }, () => ({
      text: '',
      logprobs: options.wantsLogprobs ? [] : null,
      finish: 'stop' as const,
    }));
  }

  chunks(_promptIndex: number, event: GenerateEvent): ChatCompletionChunk[] {
    switch (event.type) {
      case 'started':
        return this.#choices.map((_, index) =>
          this.#chunk({ index, delta: { role: 'assistant', content: '' }, logprobs: null, finish_reason: null }),
        );
      case 'text': {
        const logprobs = event.logprobs && toLogprobs(event.logprobs);
        return [this.#chunk({ index: event.index, delta: { content: event.text }, logprobs, finish_reason: null })];
      }
      case 'finish':
        if (event.reason === 'error' || event.reason === 'cancelled') return [];
        return [
          this.#chunk({
            index: event.index,
            delta: {},
            logprobs: null,
            finish_reason: wireFinishReason(event.reason),
          }),
        ];
      default:
        return [];
    }
  }

  usageChunk(outcomes: readonly PromptOutcome[]): ChatCompletionChunk {
    return { ...this.#envelope(), choices: [], ...closing(outcomes, this.#options.wantsVectors) };
  }

  collect(_promptIndex: number, event: GenerateEvent): void {
    if (event.type === 'text') {
      const choice = this.#choices[event.index]!;
      choice.text += event.text;
      if (event.logprobs) choice.logprobs?.push(...event.logprobs);
    } else if (event.type === 'finish') {
      this.#choices[event.index]!.finish = wireFinishReason(event.reason);
    }
  }

  body(outcomes: readonly PromptOutcome[]): ChatCompletion {
    const { id, created, model } = this.#frame;
    const choices = this.#choices.map(
      ({ text, logprobs, finish }, index): Choice => ({
        index,
        message: { role: 'assistant', content: text, refusal: null },
        logprobs: logprobs && toLogprobs(logprobs),
        finish_reason: finish,
      }),
    );
    return { id, object: 'chat.completion', created, model, choices, ...closing(outcomes, this.#options.wantsVectors) };
  }

  #chunk(choice: ChunkChoice): ChatCompletionChunk {
    return { ...this.#envelope(), choices: [choice], ...(this.#options.includeUsage && { usage: null }) };
  }

  #envelope() {
    const { id, created, model } = this.#frame;
    return { id, object: 'chat.completion.chunk', created, model } as const;
  }
}
