import { expect, it } from 'vitest';
import { readRowIndex, selectRows } from './row-index.ts';

const lines = [
  { prompt: 'Is it Spam?', completion: 'ham' },
  {
    messages: [
      { role: 'user', content: 'a much longer question é' },
      { role: 'assistant', content: 'Answer' },
    ],
  },
  { prompt: 'b', completion: 'spam' },
];
const bytes = new TextEncoder().encode(`\uFEFF${lines.map((line) => JSON.stringify(line)).join('\r\n')}\n\n`);

/** Cut inside a line and inside a letter. */
function streamed(size: number): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      for (let at = 0; at < bytes.length; at += size) controller.enqueue(bytes.subarray(at, at + size));
      controller.close();
    },
  });
}

it.each([1, 7, 1000])('reads the rows of a file that comes in pieces of %i bytes', async (size) => {
  const rows = await readRowIndex(streamed(size));
  expect(rows.map(({ prompt, answer }) => [prompt, answer])).toEqual([
    ['Is it Spam?', 'ham'],
    ['a much longer question é', 'Answer'],
    ['b', 'spam'],
  ]);
});

it('finds rows by prompt and answer, whatever the case, and keeps their places', async () => {
  const rows = await readRowIndex(streamed(50));
  expect(selectRows(rows, 'SPAM', 'file')).toEqual([0, 2]);
  expect(selectRows(rows, ' é', 'file')).toEqual([1]);
  expect(selectRows(rows, '', 'longest')).toEqual([1, 0, 2]);
  expect(selectRows(rows, '', 'shortest')).toEqual([2, 0, 1]);
  expect(selectRows(rows, '', 'answer')).toEqual([1, 0, 2]);
});
