import { tinyModel } from '@parapet/models/testing';
import { expect, test } from 'vitest';
import { TextStream } from './text-stream.ts';

const { tokenizer } = tinyModel();

function read(text: string, stops: string[], bytewise = true) {
  const stream = new TextStream(tokenizer.streamDecoder(), stops);
  const chunks: string[] = [];
  let tokens = 0;
  const ids = bytewise
    ? [...new TextEncoder().encode(text)].map((byte) => tokenizer.encode(String.fromCharCode(byte), {})[0]!)
    : tokenizer.encode(text);
  for (const id of ids) {
    const chunk = stream.push(id, null);
    if (chunk !== null) {
      chunks.push(chunk.text);
      tokens += chunk.tokens;
    }
    if (stream.stopped) break;
  }
  const last = stream.end();
  if (last !== null) {
    chunks.push(last.text);
    tokens += last.tokens;
  }
  return { chunks, text: chunks.join(''), tokens, stopped: stream.stopped, pushed: ids.length };
}

test('what could begin a stop string is held back, and let go when it does not', () => {
  expect(read('abcabd', ['abd!']).text).toBe('abcabd');
  expect(read('xabcabdy', ['abd'])).toMatchObject({ text: 'xabc', stopped: true });
  const { chunks } = read('one STO', ['STOP']);
  expect(chunks.at(-1)).toBe('STO');
});

test('the first of several stop strings counts, and nothing of it leaves', () => {
  expect(read('hello world', ['world', 'lo w'])).toMatchObject({ text: 'hel', stopped: true });
});

test('every token is counted once, whatever is held back', () => {
  const { tokens, pushed } = read('aaaa STO aa', ['STOP']);
  expect(tokens).toBe(pushed);
});

test('a character made of several tokens leaves whole', () => {
  const bytes = [...new TextEncoder().encode('é🙂')];
  const idOf = new Map(Array.from({ length: tokenizer.vocab }, (_, id) => [tokenizer.tokenBytes(id).join(), id]));
  const stream = new TextStream(tokenizer.streamDecoder(), []);
  const chunks = bytes.map((byte) => stream.push(idOf.get(String(byte))!, null)?.text ?? null);
  expect(chunks).toEqual([null, 'é', null, null, null, '🙂']);
});
