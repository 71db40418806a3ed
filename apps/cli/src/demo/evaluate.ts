import type OpenAI from 'openai';

export type LabelledPrompt = { prompt: string; completion: string };

/** Requests in flight at once: what the engine's batch holds on a small machine. */
const concurrency = 16;

/** Share of rows that `answer` gets right, 0 to 1. */
async function accuracy(
  rows: readonly LabelledPrompt[],
  answer: (row: LabelledPrompt) => Promise<string>,
  onProgress: (done: number) => void,
): Promise<number> {
  let next = 0;
  let done = 0;
  let right = 0;
  const lane = async () => {
    while (next < rows.length) {
      const row = rows[next++]!;
      if ((await answer(row)) === row.completion) right++;
      onProgress(++done);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, lane));
  return right / rows.length;
}

/**
 * The base model when it is made to choose: all but the labels' first tokens are biased away, so its first token
 * is one of them. Fairer to it than free text, where it scores 0.
 */
export function baseAccuracy(
  client: OpenAI,
  model: string,
  rows: readonly LabelledPrompt[],
  labelFirstTokens: ReadonlyMap<string, number>,
  onProgress: (done: number) => void,
): Promise<number> {
  const logitBias = Object.fromEntries([...labelFirstTokens.values()].map((token) => [String(token), 100]));
  return accuracy(
    rows,
    async ({ prompt }) => {
      const answer = await client.chat.completions.create({
        model,
        messages: [{ role: 'user', content: prompt }],
        max_tokens: 1,
        temperature: 0,
        logit_bias: logitBias,
      });
      const text = answer.choices[0]?.message.content ?? '';
      return [...labelFirstTokens.keys()].find((label) => text !== '' && label.startsWith(text)) ?? text;
    },
    onProgress,
  );
}

/** The adapter's own words, nothing forced: right only when the whole answer is the label. */
export function adapterAccuracy(
  client: OpenAI,
  model: string,
  rows: readonly LabelledPrompt[],
  onProgress: (done: number) => void,
): Promise<number> {
  return accuracy(
    rows,
    async ({ prompt }) => {
      const answer = await client.chat.completions.create({
        model,
        messages: [{ role: 'user', content: prompt }],
        max_tokens: 8,
        temperature: 0,
      });
      return (answer.choices[0]?.message.content ?? '').trim();
    },
    onProgress,
  );
}
