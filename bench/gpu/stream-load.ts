/**
 * One client process of the end-to-end run: streams completions for several tenants at once over HTTP. One JSON job on
 * stdin, one result on stdout.
 */
import { Pool } from 'undici';
import { type StreamJob, type StreamRun, slotMs } from './stream-run.ts';

const now = () => performance.timeOrigin + performance.now();

async function stream(pool: Pool, { key, model, prompt }: StreamJob['streams'][number], maxTokens: number) {
  const run: StreamRun = { askedAt: now(), firstAt: 0, lastAt: 0, tokens: 0, chunks: 0, slots: {}, refused: null };
  const { statusCode, body } = await pool.request({
    method: 'POST',
    path: '/v1/chat/completions',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
    body: JSON.stringify({
      ...{ model, messages: [{ role: 'user', content: prompt }], max_tokens: maxTokens, temperature: 0 },
      ...{ stream: true, stream_options: { include_usage: true } },
    }),
  });
  if (statusCode !== 200) {
    run.refused = `${statusCode} ${(await body.text()).slice(0, 300)}`;
    return run;
  }
  let tail = '';
  for await (const bytes of body) {
    const text = (bytes as Buffer).toString('latin1');
    let chunks = 0;
    for (let at = text.indexOf('"content":'); at >= 0; at = text.indexOf('"content":', at + 10)) chunks += 1;
    if (chunks > 0) {
      run.lastAt = now();
      if (run.firstAt === 0) run.firstAt = run.lastAt;
      const slot = Math.floor(run.lastAt / slotMs);
      run.slots[slot] = (run.slots[slot] ?? 0) + chunks;
      run.chunks += chunks;
    }
    tail = (tail + text).slice(-2000);
  }
  run.tokens = Number(/"completion_tokens":(\d+)/.exec(tail)?.[1] ?? 0);
  if (!tail.includes('[DONE]')) run.refused = `it broke off: ${tail.slice(-300)}`;
  return run;
}

async function main(): Promise<void> {
  let text = '';
  for await (const chunk of process.stdin) text += chunk;
  const { url, streams, maxTokens, repeats = 1 } = JSON.parse(text) as StreamJob;
  const pool = new Pool(url, { connections: streams.length, pipelining: 1, bodyTimeout: 120_000 });
  const inTurn = async (one: StreamJob['streams'][number]) => {
    const runs: StreamRun[] = [];
    while (runs.length < repeats && runs.every(({ refused }) => refused === null)) {
      const prompt = runs.length === 0 ? one.prompt : `${one.prompt} Again, for the ${runs.length}th time.`;
      runs.push(await stream(pool, { ...one, prompt }, maxTokens));
    }
    return runs;
  };
  const runs = (await Promise.all(streams.map(inTurn))).flat();
  await pool.destroy();
  process.stdout.write(JSON.stringify(runs));
}

await main();
