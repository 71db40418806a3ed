import { expect, it } from 'vitest';
import { checkFile, type FileCheck } from './check-file.ts';

const file = `{"prompt":"a","completion":"b"}
{"prompt":"no answer"}
not json at all
{"messages":[{"role":"user","content":"a"},{"role":"assistant","content":"é"}]}
{"prompt":"c","completion":"d","extra":1}`;

function streamed(size: number): ReadableStream<Uint8Array> {
  const bytes = new TextEncoder().encode(file);
  return new ReadableStream({
    start(controller) {
      for (let at = 0; at < bytes.length; at += size) controller.enqueue(bytes.subarray(at, at + size));
      controller.close();
    },
  });
}

it.each([1, 9, 1000])('finds the faults of a file in pieces of %i bytes, by line and code', async (size) => {
  const seen: FileCheck[] = [];
  await checkFile(streamed(size), (found) => seen.push(found), new AbortController().signal);
  const last = seen.at(-1);
  expect(last).toMatchObject({ lines: 5, total: 3, done: true });
  expect(last?.problems.map(({ line, code }) => [line, code])).toEqual([
    [2, 'missing_prompt_or_completion'],
    [3, 'invalid_json'],
    [5, 'unrecognized_key'],
  ]);
});

it('stops when the upload is stopped', async () => {
  const stop = new AbortController();
  const seen: FileCheck[] = [];
  const endless = new ReadableStream<Uint8Array>({
    pull(controller) {
      controller.enqueue(new TextEncoder().encode('{"prompt":"a","completion":"b"}\n'));
    },
  });
  await checkFile(
    endless,
    (found) => {
      seen.push(found);
      stop.abort();
    },
    stop.signal,
  );
  expect(seen).toHaveLength(1);
});
