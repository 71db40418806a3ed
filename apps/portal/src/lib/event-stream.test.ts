import { expect, it } from 'vitest';
import { eventData } from './event-stream.ts';

async function read(chunks: Uint8Array[]): Promise<string[]> {
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(chunk);
      controller.close();
    },
  });
  const out: string[] = [];
  for await (const data of eventData(body)) out.push(data);
  return out;
}

it('puts events together wherever they were cut', async () => {
  const bytes = new TextEncoder().encode('data: {"a":"ü"}\n\n: comment\n\ndata: x\ndata: y\r\n\r\ndata: [DONE]\n\n');
  const whole = ['{"a":"ü"}', 'x\ny', '[DONE]'];
  expect(await read([bytes])).toEqual(whole);
  expect(await read([...bytes].map((byte) => Uint8Array.of(byte)))).toEqual(whole);
});
