/**
 * What peers forward to: an OpenAI-compatible server that computes nothing, with the null engine's pace and its
 * `<ms>` in the last token. `node null-upstream.ts <json options>`.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

const { prefillMs, tokenMs } = JSON.parse(process.argv[2] ?? '{}') as { prefillMs: number; tokenMs: number };
const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

const server = createServer(async (request, response) => {
  const startedAt = performance.now();
  // Peers look at other addresses while they start.
  if (request.method !== 'POST') return void response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
  let text = '';
  for await (const chunk of request) text += chunk;
  const {
    model,
    max_tokens: tokens = 16,
    stream,
  } = JSON.parse(text) as {
    model: string;
    max_tokens?: number;
    stream?: boolean;
  };
  const head = { id: 'chatcmpl-null', created: 1, model };
  const usage = { prompt_tokens: 2, completion_tokens: tokens, total_tokens: tokens + 2 };
  const last = () => `<${(performance.now() - startedAt).toFixed(3)}>`;
  if (!stream) {
    const message = { role: 'assistant', content: ' word'.repeat(tokens - 1) + last() };
    const choices = [{ index: 0, message, finish_reason: 'length' }];
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ ...head, object: 'chat.completion', choices, usage }));
    return;
  }
  const send = (delta: object, finish: string | null) => {
    const choices = [{ index: 0, delta, finish_reason: finish }];
    response.write(`data: ${JSON.stringify({ ...head, object: 'chat.completion.chunk', choices })}\n\n`);
  };
  await sleep(prefillMs);
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  send({ role: 'assistant', content: '' }, null);
  for (let i = 0; i < tokens; i++) {
    await sleep(tokenMs);
    send({ content: i === tokens - 1 ? last() : ' word' }, null);
  }
  send({}, 'length');
  response.end('data: [DONE]\n\n');
});
server.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}`));
