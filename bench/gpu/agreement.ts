import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Device } from '@parapet/inference/device';
import { Engine } from '@parapet/inference/engine';
import { type AdapterShelf, answer, request } from '@parapet/inference/testing';
import type { BaseModel } from '@parapet/models/open';

const subjects = [
  'rain',
  'bread',
  'the moon',
  'a lost key',
  'winter',
  'an old clock',
  'trade',
  'bees',
  'a river',
  'chess',
];
const tasks = [
  'Explain',
  'Write two sentences about',
  'List three facts about',
  'Tell a child about',
  'Ask a question about',
];

/** Fifty chat prompts of plain English. */
export const prompts: readonly string[] = tasks.flatMap((task) => subjects.map((subject) => `${task} ${subject}.`));

export interface Reference {
  prompt: string;
  tokens: number[];
  logprobs: number[];
}

export interface Agreement {
  /** Answers that are the same, token for token, generated freely. */
  equalAnswers: number;
  answers: number;
  /** Share of positions where both choose the same next token, given the reference's own tokens. */
  tokenAgreement: number;
  /** Largest and mean difference of the chosen token's log-probability. */
  worstLogprob: number;
  meanLogprob: number;
}

async function engineOn(
  model: BaseModel,
  device: Device,
  shelf: AdapterShelf,
  weightsFolder?: string,
): Promise<Engine> {
  const folder = weightsFolder ?? mkdtempSync(join(tmpdir(), 'parapet-bench-'));
  return await Engine.create({
    ...{ model, device, weights: 'fp32', weightsFolder: folder, maxRows: 64, kvTokens: 32_768, maxQueue: 256 },
    ...{ adapterBytes: 1e9, adapters: shelf.fetch, onFailure: console.error },
  });
}

const adapterOf = (digests: readonly string[], i: number) =>
  i % 2 === 0 ? null : { digest: digests[i % digests.length]!, strength: 1 };

/** What the CPU's float32 engine answers: greedy, half of the rows through adapters. */
export async function references(
  model: BaseModel,
  cpu: Device,
  shelf: AdapterShelf,
  digests: readonly string[],
  { count, tokens, folder }: { count: number; tokens: number; folder: string },
): Promise<Reference[]> {
  const engine = await engineOn(model, cpu, shelf, folder);
  const found = await Promise.all(
    prompts.slice(0, count).map(async (text, i): Promise<Reference> => {
      const prompt = { kind: 'chat' as const, messages: [{ role: 'user' as const, content: text }] };
      const one = request({ prompt, adapter: adapterOf(digests, i), maxTokens: tokens, topLogprobs: 0 });
      const { ids, logprobs, error } = await answer(engine, one);
      if (error !== null) throw new Error(error.message);
      return { prompt: text, tokens: ids[0]!, logprobs: logprobs[0]! };
    }),
  );
  await engine.close();
  return found;
}

/** Compares a device with the references: answers generated freely, then their tokens read back one step at a time. */
export async function agreement(
  model: BaseModel,
  device: Device,
  shelf: AdapterShelf,
  digests: readonly string[],
  expected: readonly Reference[],
  folder: string,
): Promise<Agreement> {
  const engine = await engineOn(model, device, shelf, folder);
  let equalAnswers = 0;
  let same = 0;
  let positions = 0;
  let worst = 0;
  let sum = 0;
  await Promise.all(
    expected.map(async ({ prompt, tokens, logprobs }, i) => {
      const messages = [{ role: 'user' as const, content: prompt }];
      const limit = Math.max(1, tokens.length);
      const one = request({
        ...{ prompt: { kind: 'chat', messages }, adapter: adapterOf(digests, i), maxTokens: limit, topLogprobs: 0 },
      });
      const { ids, logprobs: own, error } = await answer(engine, one);
      if (error !== null) throw new Error(error.message);
      const agreed = ids[0]!.findIndex((id, at) => id !== tokens[at]);
      const common = agreed < 0 ? Math.min(ids[0]!.length, tokens.length) : agreed;
      if (agreed < 0 && ids[0]!.length === tokens.length) equalAnswers += 1;
      for (let at = 0; at < common; at++) {
        const difference = Math.abs(own[0]![at]! - logprobs[at]!);
        worst = Math.max(worst, difference);
        sum += difference;
      }
      same += common;
      positions += Math.min(tokens.length, common + 1);
    }),
  );
  await engine.close();
  return {
    ...{ equalAnswers, answers: expected.length, tokenAgreement: same / positions },
    ...{ worstLogprob: worst, meanLogprob: sum / Math.max(1, same) },
  };
}
