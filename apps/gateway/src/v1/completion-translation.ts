import type { Completion, CompletionChoice, CompletionLogprobs } from '@parapet/contracts/openai-completions';
import type { EnginePrompt, GenerateEvent, TokenLogprob } from '@parapet/contracts/serve-worker';
import { type AnswerFrame, closing, type PromptOutcome, type Translation, wireFinishReason } from './translation.ts';

interface ChoiceState {
  text: string;
  /** Characters of the answer that have gone out, for `text_offset`. */
  offset: number;
  logprobs: CompletionLogprobs | null;
  finish: 'stop' | 'length' | null;
}

export interface CompletionOptions {
  /** Set when the answer begins with the prompt. */
  echo: boolean;
  wantsLogprobs: boolean;
  includeUsage: boolean;
  wantsVectors: boolean;
}

/** Engine events → `text_completion`, whole or in chunks. Choice index = prompt's index · n + the engine's index. */
export class CompletionTranslation implements Translation {
  readonly #frame: AnswerFrame;
  readonly #prompts: readonly EnginePrompt[];
  readonly #options: CompletionOptions;
  readonly #choices: ChoiceState[];

  constructor(frame: AnswerFrame, prompts: readonly EnginePrompt[], options: CompletionOptions) {
    this.#frame = frame;
    this.#prompts = prompts;
    this.#options = options;
    this.#choices = Array.from({ length: prompts.length * frame.n }, () => ({
      text: '',
      offset: 0,
      logprobs: null,
      finish: null,
    }));
  }

  chunks(promptIndex: number, event: GenerateEvent): Completion[] {
    return this.#pieces(promptIndex, event).map((choice) => ({
      ...this.#envelope(),
      choices: [choice],
      ...(this.#options.includeUsage && { usage: null }),
    }));
  }

  usageChunk(outcomes: readonly PromptOutcome[]): Completion {
    return { ...this.#envelope(), choices: [], ...closing(outcomes, this.#options.wantsVectors) };
  }

  collect(promptIndex: number, event: GenerateEvent): void {
    for (const piece of this.#pieces(promptIndex, event)) {
      const choice = this.#choices[piece.index]!;
      choice.text += piece.text;
      choice.finish = piece.finish_reason ?? choice.finish;
      if (!piece.logprobs) continue;
      if (choice.logprobs) append(choice.logprobs, piece.logprobs);
      else choice.logprobs = piece.logprobs;
    }
  }

  body(outcomes: readonly PromptOutcome[]): Completion {
    const choices = this.#choices.map(({ text, logprobs, finish }, index) => ({
      text,
      index,
      logprobs,
      finish_reason: finish ?? 'stop',
    }));
    return { ...this.#envelope(), choices, ...closing(outcomes, this.#options.wantsVectors) };
  }

  /** An event as pieces of choices. */
  #pieces(promptIndex: number, event: GenerateEvent): CompletionChoice[] {
    const first = promptIndex * this.#frame.n;
    switch (event.type) {
      case 'started': {
        if (!this.#options.echo) return [];
        const prompt = this.#prompts[promptIndex]!;
        const tokens = event.promptLogprobs && wholePrompt(prompt, event.promptLogprobs, event.promptTokens);
        const text = promptText(prompt, tokens);
        return Array.from({ length: this.#frame.n }, (_, i) => this.#piece(first + i, text, tokens, true));
      }
      case 'text':
        return [this.#piece(first + event.index, event.text, event.logprobs)];
      case 'finish':
        if (event.reason === 'error' || event.reason === 'cancelled') return [];
        return [
          { text: '', index: first + event.index, logprobs: null, finish_reason: wireFinishReason(event.reason) },
        ];
      default:
        return [];
    }
  }

  #piece(index: number, text: string, tokens: readonly TokenLogprob[] | null, isPrompt = false): CompletionChoice {
    const state = this.#choices[index]!;
    const logprobs = tokens && this.#options.wantsLogprobs ? toLogprobs(tokens, state.offset, isPrompt) : null;
    state.offset += text.length;
    return { text, index, logprobs, finish_reason: null };
  }

  #envelope() {
    const { id, created, model } = this.#frame;
    return { id, object: 'text_completion', created, model } as const;
  }
}

/** The prompt's tokens with the first one, which an engine may leave out; its text is what the others leave over. */
function wholePrompt(prompt: EnginePrompt, tokens: readonly TokenLogprob[], count: number): readonly TokenLogprob[] {
  if (tokens.length >= count || prompt.kind !== 'text') return tokens;
  const rest = tokens.reduce((length, token) => length + token.text.length, 0);
  const text = prompt.text.slice(0, Math.max(0, prompt.text.length - rest));
  return [{ id: 0, text, bytes: [...Buffer.from(text)], logprob: 0, top: [] }, ...tokens];
}

/** The prompt as text; token ids are read back from the tokens that the engine reports. */
function promptText(prompt: EnginePrompt, tokens: readonly TokenLogprob[] | null): string {
  if (prompt.kind === 'text') return prompt.text;
  return Buffer.concat((tokens ?? []).map((token) => Uint8Array.from(token.bytes))).toString('utf8');
}

/** A prompt's first token follows nothing and so has no probability: null, as OpenAI writes it. */
function toLogprobs(tokens: readonly TokenLogprob[], from: number, isPrompt: boolean): CompletionLogprobs {
  const none = (index: number) => isPrompt && index === 0;
  let offset = from;
  const offsets = tokens.map((token) => {
    const at = offset;
    offset += token.text.length;
    return at;
  });
  return {
    tokens: tokens.map((token) => token.text),
    token_logprobs: tokens.map((token, index) => (none(index) ? null : token.logprob)),
    top_logprobs: tokens.map((token, index) =>
      none(index) ? null : Object.fromEntries(token.top.map((one) => [one.text, one.logprob])),
    ),
    text_offset: offsets,
  };
}

/** Appends in place: an answer's tokens come one by one. */
function append(to: CompletionLogprobs, more: CompletionLogprobs): void {
  to.tokens.push(...more.tokens);
  to.token_logprobs.push(...more.token_logprobs);
  to.top_logprobs.push(...more.top_logprobs);
  to.text_offset.push(...more.text_offset);
}
