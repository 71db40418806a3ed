import { Template } from '@huggingface/jinja';
import { ParapetError } from '@parapet/contracts/errors';
import type { Tokenizer } from './tokenizer.ts';

export type Message = { role: 'system' | 'user' | 'assistant'; content: string; weight?: 0 | 1 };

/** Tokens `start ≤ i < end` answer `messages[message]`: its text and the token that ends the turn. */
export type CompletionRange = { message: number; start: number; end: number };

/** A conversation as the model reads it. */
export type RenderedConversation = { tokens: number[]; completions: CompletionRange[] };

const markBegin = '\u{f0000}'; // private-use characters; a message that holds them gains nothing but text
const markEnd = '\u{f0001}';
const marks = new RegExp(`${markBegin}(\\d+)${markEnd}`, 'gu');

/**
 * The model's own chat format, a Jinja template. Only the template makes control tokens: where a message names one
 * (`<|im_end|>`), the name is text, so that nobody can end their turn and speak as another.
 */
export class ChatTemplate {
  private readonly template: Template;

  /** @param source Jinja, from the model's files */
  constructor(
    source: string,
    private readonly tokenizer: Tokenizer,
  ) {
    this.template = new Template(source);
  }

  /** The text to answer: all messages and the beginning of the assistant's turn. */
  promptText(messages: readonly Message[]): string {
    return this.unmarked(this.render(messages, true));
  }

  /** `promptText` as tokens. */
  prompt(messages: readonly Message[]): number[] {
    return this.encode(this.render(messages, true));
  }

  /** What the format adds to a one-message prompt at most, in tokens: for bounds that need no text. */
  get overheadTokens(): number {
    const text = this.promptText([{ role: 'user', content: '' }]);
    return this.tokenizer.encode(text).length;
  }

  /**
   * A conversation with its answers marked. An answer is tokenised apart from what is before it, exactly as it is
   * generated, so that what is trained is what will be asked.
   *
   * Turns with `weight: 0` are context, not completions.
   */
  conversation(messages: readonly Message[]): RenderedConversation {
    const tokens: number[] = [];
    const completions: CompletionRange[] = [];
    const eosText = this.tokenizer.specials.get(this.tokenizer.eosId) ?? '';
    const whole = this.render(messages, false);
    let done = 0;
    messages.forEach((message, index) => {
      if (message.role !== 'assistant' || message.weight === 0) return;
      const before = this.render(messages.slice(0, index), true);
      const after = this.render(messages.slice(0, index + 1), false);
      if (!whole.startsWith(after) || !after.startsWith(before) || before.length < done)
        throw new ParapetError(
          'unprocessable',
          "The model's chat template changes earlier turns when a later one is added; such a template can't be trained on.",
        );
      let end = after.length; // the turn's end is its last end-of-turn token; what follows (a newline) is format
      if (eosText !== '') {
        const at = after.lastIndexOf(eosText);
        if (at >= before.length) end = at + eosText.length;
      }
      for (const id of this.encode(whole.slice(done, before.length))) tokens.push(id);
      const start = tokens.length;
      for (const id of this.encode(whole.slice(before.length, end))) tokens.push(id);
      if (tokens.at(-1) !== this.tokenizer.eosId) tokens.push(this.tokenizer.eosId);
      completions.push({ message: index, start, end: tokens.length });
      done = end;
    });
    for (const id of this.encode(whole.slice(done))) tokens.push(id);
    return { tokens, completions };
  }

  /** The names of control tokens in a message, each behind a mark that no template writes. */
  private marked(content: string): string {
    let text = content;
    for (const [id, name] of this.tokenizer.specials) text = text.replaceAll(name, `${markBegin}${id}${markEnd}`);
    return text;
  }

  private unmarked(text: string): string {
    return text.replace(marks, (whole, id: string) => this.tokenizer.specials.get(Number(id)) ?? whole);
  }

  /** A rendered text as tokens; marked names are encoded as the text they are. */
  private encode(text: string): number[] {
    if (!text.includes(markBegin)) return this.tokenizer.encode(text);
    const tokens: number[] = [];
    for (const piece of this.tokenizer.splitSpecials(text)) {
      if (typeof piece === 'number') tokens.push(piece);
      else for (const id of this.tokenizer.encode(this.unmarked(piece), { special: false })) tokens.push(id);
    }
    return tokens;
  }

  private render(messages: readonly Message[], addGenerationPrompt: boolean): string {
    const name = (id: number | null) => (id === null ? '' : (this.tokenizer.specials.get(id) ?? ''));
    if (messages.length === 0 && !addGenerationPrompt) return '';
    try {
      return this.template.render({
        messages: messages.map(({ role, content }) => ({ role, content: this.marked(content) })),
        add_generation_prompt: addGenerationPrompt,
        bos_token: name(this.tokenizer.bosId),
        eos_token: name(this.tokenizer.eosId),
        pad_token: name(this.tokenizer.padId),
      });
    } catch (cause) {
      throw new ParapetError(
        'invalid_request',
        `The model's chat template refuses these messages: ${cause instanceof Error ? cause.message : String(cause)}`,
        { param: 'messages', cause },
      );
    }
  }
}
