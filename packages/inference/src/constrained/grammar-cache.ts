import type { Tokenizer } from '@parapet/models/tokenizer';
import { jsonGrammar } from './json-grammar.ts';
import { TokenConstraint, TokenGrammar } from './token-constraint.ts';

const keptGrammars = 64;

/** Grammars by schema: compiling one and finding its masks is done once, whoever asks. */
export class GrammarCache {
  private readonly grammars = new Map<string, TokenGrammar>();

  constructor(private readonly tokenizer: Tokenizer) {}

  /** A new row's constraint. @throws ParapetError for a schema that can't be enforced */
  constraint(schema: Readonly<Record<string, unknown>>): TokenConstraint {
    const key = JSON.stringify(schema);
    const grammar = this.grammars.get(key) ?? new TokenGrammar(this.tokenizer, jsonGrammar(schema));
    this.grammars.delete(key);
    this.grammars.set(key, grammar);
    for (const oldest of this.grammars.keys()) {
      if (this.grammars.size <= keptGrammars) break;
      this.grammars.delete(oldest);
    }
    return new TokenConstraint(grammar);
  }
}
