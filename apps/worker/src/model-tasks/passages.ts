import { readFileSync } from 'node:fs';
import type { BaseModel } from '@parapet/models/open';
import { z } from 'zod';

/** Tokens of a passage that are read. */
const passageTokens = 192;

const passages = z
  .array(z.string())
  .parse(JSON.parse(readFileSync(new URL('./passages.json', import.meta.url), 'utf8')));

/** The passages as tokens, none longer than the model's context. */
export const passageTexts = ({ tokenizer, spec }: BaseModel): number[][] =>
  passages.map((text) => tokenizer.encode(text).slice(0, Math.min(passageTokens, spec.context)));
