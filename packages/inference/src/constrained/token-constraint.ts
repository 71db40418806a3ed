import type { Tokenizer } from '@parapet/models/tokenizer';
import type { Constraint } from '../sampling/sampler.ts';
import { advance, mayEnd, mustEnd, type State, startState } from './automaton.ts';
import type { Part } from './grammar.ts';

/** Masks kept: a string's inside, the places between values, … recur all the time. */
const keptMasks = 256;

/** The vocabulary in the order of its bytes, so that tokens that begin alike are tested together. */
class SortedVocabulary {
  readonly ids: Int32Array;
  readonly bytes: Uint8Array[];
  /** Bytes that a token shares with the one before. */
  readonly shared: Int32Array;

  constructor(tokenizer: Tokenizer) {
    const usable: { id: number; bytes: Uint8Array }[] = [];
    for (let id = 0; id < tokenizer.vocab; id++) {
      const bytes = tokenizer.isSpecial(id) ? null : tokenizer.tokenBytes(id);
      if (bytes !== null && bytes.length > 0) usable.push({ id, bytes });
    }
    usable.sort((a, b) => Buffer.compare(a.bytes, b.bytes));
    this.ids = Int32Array.from(usable, ({ id }) => id);
    this.bytes = usable.map(({ bytes }) => bytes);
    this.shared = Int32Array.from(usable, ({ bytes }, i) => {
      const before = usable[i - 1]?.bytes;
      let length = 0;
      while (before !== undefined && length < bytes.length && bytes[length] === before[length]) length++;
      return length;
    });
  }
}

/** A grammar over one tokenizer's tokens; shared by all rows that ask for it. */
export class TokenGrammar {
  private static readonly vocabularies = new WeakMap<Tokenizer, SortedVocabulary>();
  private readonly vocabulary: SortedVocabulary;
  private readonly masks = new Map<string, Int32Array>();

  constructor(
    private readonly tokenizer: Tokenizer,
    private readonly part: Part,
  ) {
    const known = TokenGrammar.vocabularies.get(tokenizer) ?? new SortedVocabulary(tokenizer);
    TokenGrammar.vocabularies.set(tokenizer, known);
    this.vocabulary = known;
  }

  start(): State {
    return startState(this.part);
  }

  /** The state after a token, or null when it can't come. */
  after(state: State, id: number): State | null {
    if (this.tokenizer.isSpecial(id)) return null;
    let at: State | null = state;
    for (const byte of this.tokenizer.tokenBytes(id)) {
      at = advance(at, byte);
      if (at === null) return null;
    }
    return at;
  }

  accepts(state: State, id: number): boolean {
    return id === this.tokenizer.eosId ? mayEnd(state) : this.after(state, id) !== null;
  }

  /** Tokens that may come, the end of the turn among them where the text may end. */
  allowed(state: State): Int32Array {
    const found = this.masks.get(state.key) ?? this.compute(state);
    this.masks.delete(state.key);
    this.masks.set(state.key, found);
    for (const key of this.masks.keys()) {
      if (this.masks.size <= keptMasks) break;
      this.masks.delete(key);
    }
    return found;
  }

  private compute(state: State): Int32Array {
    const { ids, bytes, shared } = this.vocabulary;
    const kept: number[] = mayEnd(state) ? [this.tokenizer.eosId] : [];
    const path: State[] = [state];
    let deadFrom = Number.POSITIVE_INFINITY; // bytes of the last token after which nothing was possible
    for (let i = 0; i < ids.length; i++) {
      const token = bytes[i]!;
      const common = shared[i]!;
      if (common >= deadFrom) continue;
      deadFrom = Number.POSITIVE_INFINITY;
      path.length = common + 1;
      for (let at = common; at < token.length; at++) {
        const next = advance(path[at]!, token[at]!);
        if (next === null) {
          deadFrom = at + 1;
          break;
        }
        path.push(next);
      }
      if (deadFrom === Number.POSITIVE_INFINITY) kept.push(ids[i]!);
    }
    return Int32Array.from(kept);
  }
}

/** One row's way through a grammar. */
export class TokenConstraint implements Constraint {
  private state: State;

  constructor(private readonly grammar: TokenGrammar) {
    this.state = grammar.start();
  }

  /** Tokens that may come now. */
  get allowed(): Int32Array {
    return this.grammar.allowed(this.state);
  }

  /** Whether one token may come: cheaper than all of them. */
  accepts(id: number): boolean {
    return this.grammar.accepts(this.state, id);
  }

  /** Takes the token that was chosen. */
  push(id: number): void {
    const next = this.grammar.after(this.state, id);
    if (next !== null) this.state = next;
  }

  /** The text is complete and nothing can follow. */
  get complete(): boolean {
    return mustEnd(this.state);
  }
}
