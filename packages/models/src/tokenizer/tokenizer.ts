import { Tokenizer as HubTokenizer } from '@huggingface/tokenizers';
import { bytesOfName } from './byte-level.ts';
import type { Vocabulary } from './vocabulary.ts';

/**
 * Text ↔ token ids of a byte-level BPE model. Encoding is `@huggingface/tokenizers`; decoding joins the tokens'
 * bytes, so that a character cut in two by tokens is whole again.
 */
export class Tokenizer {
  readonly bosId: number | null;
  readonly eosId: number;
  readonly padId: number;
  /** Control tokens such as `<|im_start|>`: id → text. */
  readonly specials: ReadonlyMap<number, string>;
  readonly vocab: number;
  private readonly encoder: HubTokenizer;
  /** Built when text is first to be encoded with control tokens' names as plain text. */
  private plainEncoder: HubTokenizer | null = null;
  private readonly bytes: Uint8Array[];

  constructor(private readonly vocabulary: Vocabulary) {
    const { json } = vocabulary;
    this.bosId = vocabulary.bosId;
    this.eosId = vocabulary.eosId;
    this.padId = vocabulary.padId;
    this.specials = new Map(json.added_tokens.filter((t) => t.special).map(({ id, content }) => [id, content]));
    this.encoder = new HubTokenizer(json, {});
    const addedText = new Map(json.added_tokens.map(({ id, content }) => [id, content]));
    this.bytes = [];
    for (const [name, id] of Object.entries(json.model.vocab))
      this.bytes[id] = (addedText.has(id) ? null : bytesOfName(name)) ?? new TextEncoder().encode(name);
    for (const [id, content] of addedText) this.bytes[id] = new TextEncoder().encode(content);
    this.vocab = this.bytes.length;
  }

  /**
   * @param special names of control tokens in the text become those tokens (as in a rendered chat template);
   *   false = they are text like any other, for what a stranger wrote
   */
  encode(text: string, { special = true }: { special?: boolean } = {}): number[] {
    if (text === '') return [];
    if (special) return this.encoder.encode(text, { add_special_tokens: false }).ids;
    this.plainEncoder ??= new HubTokenizer({ ...this.vocabulary.json, added_tokens: [] }, {});
    return this.plainEncoder.encode(text, { add_special_tokens: false }).ids;
  }

  /** The text between control tokens' names, and for each name its id. */
  splitSpecials(text: string): (string | number)[] {
    const idOf = new Map([...this.specials].map(([id, name]) => [name, id]));
    const names = [...idOf.keys()].sort((a, b) => b.length - a.length);
    const pattern = names.map((name) => name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('|');
    if (pattern === '') return [text];
    return text
      .split(new RegExp(`(${pattern})`))
      .filter((piece) => piece !== '')
      .map((piece) => idOf.get(piece) ?? piece);
  }

  /** Control tokens are left out unless asked for. Bytes that are no UTF-8 become U+FFFD. */
  decode(ids: Iterable<number>, { special = false }: { special?: boolean } = {}): string {
    const decoder = this.streamDecoder({ special });
    let text = '';
    for (const id of ids) text += decoder.push(id);
    return text + decoder.end();
  }

  /** The bytes a token stands for; a control token's are its name's. @throws RangeError on an unknown id. */
  tokenBytes(id: number): Uint8Array {
    const bytes = this.bytes[id];
    if (bytes === undefined) throw new RangeError(`token ${id} is not in the vocabulary of ${this.vocab}`);
    return bytes;
  }

  isSpecial(id: number): boolean {
    return this.specials.has(id);
  }

  /** A decoder for tokens that come one at a time: each push gives the characters that are whole by then. */
  streamDecoder({ special = false }: { special?: boolean } = {}): StreamDecoder {
    return new StreamDecoder(this, special);
  }
}

export class StreamDecoder {
  private readonly decoder = new TextDecoder('utf-8', { ignoreBOM: true });

  constructor(
    private readonly tokenizer: Tokenizer,
    private readonly special: boolean,
  ) {}

  /** The text completed by this token: '' while a character is not whole. */
  push(id: number): string {
    if (!this.special && this.tokenizer.isSpecial(id)) return '';
    return this.decoder.decode(this.tokenizer.tokenBytes(id), { stream: true });
  }

  /** What is left: U+FFFD for a character that never became whole, else ''. */
  end(): string {
    return this.decoder.decode();
  }
}
