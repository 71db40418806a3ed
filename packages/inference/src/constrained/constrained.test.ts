import { Random } from '@parapet/models/random';
import { tinyModel } from '@parapet/models/testing';
import { expect, test } from 'vitest';
import { advance, mayEnd, type State, startState } from './automaton.ts';
import { GrammarCache } from './grammar-cache.ts';
import { jsonGrammar } from './json-grammar.ts';

function accepts(schema: Record<string, unknown>, text: string): boolean {
  let state: State | null = startState(jsonGrammar(schema));
  for (const byte of new TextEncoder().encode(text)) {
    state = advance(state, byte);
    if (state === null) return false;
  }
  return mayEnd(state);
}

const person = {
  type: 'object',
  properties: {
    name: { type: 'string', minLength: 1, maxLength: 5 },
    age: { type: 'integer' },
    tags: { type: 'array', items: { enum: ['a', 'b'] }, minItems: 1, maxItems: 2 },
  },
  required: ['name'],
  additionalProperties: false,
};

test('any JSON object, and only that', () => {
  for (const text of ['{}', '{"a": [1, -2.5e3, {"b":null}], "c":"é\\u00e9\\n🙂"}'])
    expect(accepts({}, text), text).toBe(true);
  for (const text of ['[]', '{"a"}', '{"a":01}', '{"a":1,}', '{"a":"\n"}', '{', '{"a":tru}'])
    expect(accepts({}, text), text).toBe(false);
});

test('objects keep to their properties, in order, optional ones left out or not', () => {
  for (const text of ['{"name":"x"}', '{"name": "éßçøå", "age": 3}', '{"name":"x","tags":["a","b"]}']) {
    expect(accepts(person, text), text).toBe(true);
  }
  for (const text of [
    '{}',
    '{"name":""}',
    '{"name":"sixsix"}',
    '{"age":3}',
    '{"name":"x","tags":[]}',
    '{"name":"x","tags":["a","b","a"]}',
    '{"name":"x","more":1}',
    '{"name":"x","age":1.5}',
  ]) {
    expect(accepts(person, text), text).toBe(false);
  }
});

test('unions, references and recursion', () => {
  const tree = {
    $ref: '#/$defs/node',
    $defs: {
      node: {
        type: 'object',
        properties: { left: { anyOf: [{ $ref: '#/$defs/node' }, { type: 'null' }] } },
        required: ['left'],
      },
    },
  };
  expect(accepts(tree, '{"left":{"left":{"left":null}}}')).toBe(true);
  expect(accepts(tree, '{"left":{"left":3}}')).toBe(false);
  expect(accepts({ type: ['string', 'null'] }, 'null')).toBe(true);
});

test('a schema that can’t be enforced is refused, naming the keyword', () => {
  expect(() => jsonGrammar({ type: 'object', properties: { a: { type: 'string', pattern: 'x' } } })).toThrowError(
    /"pattern"/,
  );
  expect(() => jsonGrammar({ $ref: '#/$defs/gone' })).toThrowError(/not there/);
  expect(() => jsonGrammar({ type: 'thing' })).toThrowError(/unknown type/);
});

test('whatever tokens are drawn, the text satisfies the schema', () => {
  const { tokenizer } = tinyModel();
  const grammars = new GrammarCache(tokenizer);
  const random = new Random(5);
  for (let trial = 0; trial < 60; trial++) {
    const constraint = grammars.constraint(person);
    const ids: number[] = [];
    while (!constraint.complete) {
      const { allowed } = constraint;
      expect(allowed.length).toBeGreaterThan(0);
      const id = allowed[random.below(allowed.length)]!;
      expect(constraint.accepts(id)).toBe(true);
      if (id === tokenizer.eosId) break;
      ids.push(id);
      constraint.push(id);
    }
    const parsed = JSON.parse(tokenizer.decode(ids)) as { name: string; age?: number; tags?: string[] };
    expect([...parsed.name].length).toBeGreaterThan(0);
    if (parsed.age !== undefined) expect(Number.isInteger(parsed.age)).toBe(true);
  }
});

test('a token that is no beginning of what may come is never allowed', () => {
  const { tokenizer } = tinyModel();
  const constraint = new GrammarCache(tokenizer).constraint(person);
  const texts = [...constraint.allowed].map((id) => new TextDecoder().decode(tokenizer.tokenBytes(id)));
  expect(texts).toEqual(['{']);
});
