/**
 * A data set through the platform alone: sign up, upload, one fine-tuning job on the train worker, and every test row
 * asked of the finished adapter through /v1/chat/completions.
 */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { completionRowSchema } from '@parapet/contracts/training-row';
import { startPlatform } from '@parapet/gateway/embedded';
import { baseModelDir } from '@parapet/models/testing-base';
import { z } from 'zod';
import { freePort } from '../gateway/processes.ts';
import { benchDataDir } from '../serve/folders.ts';

export interface PlatformRun {
  task: string;
  /** Rows of the training file; all where absent. */
  trainRows?: number;
  testRows?: number;
  /** `parapet` of the job: method, targets, bias … */
  adapter: Record<string, unknown>;
  /** `hyperparameters` of the job; what is absent is "auto". */
  hyperparameters: Record<string, unknown>;
  seed: number;
}

const model = 'smollm2-135m-instruct';
/** Requests in flight: what the serve worker's batch holds. */
const lanes = 16;

const jobSchema = z.object({
  status: z.string(),
  fine_tuned_model: z.string().nullable(),
  trained_tokens: z.number().nullable(),
  error: z.object({ message: z.string().nullable() }).nullish(),
});
const eventsSchema = z.object({
  data: z.array(
    z.object({
      type: z.string(),
      message: z.string(),
      data: z.looseObject({ tokens_per_second: z.number().optional(), valid_loss: z.number().nullish() }).nullish(),
    }),
  ),
});
const chatSchema = z.object({ choices: z.array(z.object({ message: z.object({ content: z.string().nullable() }) })) });

/** @returns exact match of the whole answer in per cent, and what the way there took. */
export async function platformRun(run: PlatformRun, onProgress: (text: string) => void) {
  const rows = (split: string) => {
    const lines = readFileSync(join(benchDataDir, run.task, `${split}.jsonl`), 'utf8')
      .trim()
      .split('\n');
    return lines.map((line) => completionRowSchema.parse(JSON.parse(line)));
  };
  const dataDir = await mkdtemp(join(tmpdir(), 'parapet-platform-'));
  const gatewayPort = await freePort();
  const platform = await startPlatform({
    ...{ dataDir, modelDir: await baseModelDir(), gatewayPort, without: ['portal'], logLevel: 'warn' },
    onProgress,
  });
  try {
    await platform.ready();
    const call = await customer(platform.urls.gateway);
    const jsonl = rows('train')
      .slice(0, run.trainRows)
      .map((row) => `${JSON.stringify(row)}\n`)
      .join('');
    const upload = new FormData();
    upload.set('purpose', 'fine-tune');
    upload.set('file', new Blob([jsonl]), `${run.task}.jsonl`);
    const file = z.object({ id: z.string() }).parse(await call('/v1/files', upload));
    const started = performance.now();
    const created = await call('/v1/fine_tuning/jobs', {
      ...{ model, training_file: file.id, suffix: run.task, seed: run.seed, parapet: run.adapter },
      hyperparameters: run.hyperparameters,
    });
    const path = `/v1/fine_tuning/jobs/${z.object({ id: z.string() }).parse(created).id}`;
    const job = await finished(call, path, onProgress);
    const trainSeconds = (performance.now() - started) / 1000;
    const tests = rows('test').slice(0, run.testRows);
    const asked = performance.now();
    const right = await countRight(call, job.fine_tuned_model!, tests, onProgress);
    return {
      exact: (100 * right) / tests.length,
      test_rows: tests.length,
      trained_tokens: job.trained_tokens,
      train_seconds: Math.round(trainSeconds),
      tokens_per_second: Math.round((job.trained_tokens ?? 0) / trainSeconds),
      answer_seconds: Math.round((performance.now() - asked) / 1000),
    };
  } finally {
    await platform.close();
    await rm(dataDir, { recursive: true, force: true });
  }
}

type Call = (path: string, body?: FormData | object) => Promise<unknown>;

/** A new customer with an API key, as a function that calls the public API. */
async function customer(gateway: string): Promise<Call> {
  const origin = 'http://localhost:3000';
  const send = async (path: string, headers: Record<string, string>, body?: FormData | object) => {
    const json = body !== undefined && !(body instanceof FormData);
    const response = await fetch(gateway + path, {
      method: body === undefined ? 'GET' : 'POST',
      headers: { ...headers, ...(json && { 'content-type': 'application/json' }) },
      ...(body !== undefined && { body: json ? JSON.stringify(body) : (body as FormData) }),
    });
    if (!response.ok) throw new Error(`${path} answered ${response.status}: ${(await response.text()).slice(0, 500)}`);
    return response;
  };
  const password = randomBytes(12).toString('base64url');
  const person = { name: 'Bench', email: 'bench@example.com', password };
  const signedUp = await send('/auth/sign-up/email', { origin }, person);
  const cookie = signedUp.headers
    .getSetCookie()
    .map((line) => line.split(';', 1)[0])
    .join('; ');
  const made = await send('/trpc/keys.create', { origin, cookie }, { name: 'bench' });
  const { secret } = z.object({ result: z.object({ data: z.object({ secret: z.string() }) }) }).parse(await made.json())
    .result.data;
  return async (path, body) => (await send(path, { authorization: `Bearer ${secret}` }, body)).json();
}

/** Follows a job to its end; throws its own error when it fails. */
async function finished(call: Call, path: string, onProgress: (text: string) => void) {
  for (;;) {
    const job = jobSchema.parse(await call(path));
    const { data } = eventsSchema.parse(await call(`${path}/events?limit=5`));
    onProgress(`job is ${job.status}: ${data[0]?.message ?? ''}`);
    if (job.status === 'succeeded') return job;
    if (job.status === 'failed' || job.status === 'cancelled') {
      throw new Error(`the job ${job.status}: ${job.error?.message ?? 'no reason was given'}`);
    }
    await sleep(5_000);
  }
}

async function countRight(
  call: Call,
  adapter: string,
  tests: readonly { prompt: string; completion: string }[],
  onProgress: (text: string) => void,
): Promise<number> {
  let [next, right] = [0, 0];
  const lane = async () => {
    while (next < tests.length) {
      const { prompt, completion } = tests[next++]!;
      const body = { model: adapter, messages: [{ role: 'user', content: prompt }], max_tokens: 32, temperature: 0 };
      const answer = chatSchema.parse(await call('/v1/chat/completions', body));
      if ((answer.choices[0]?.message.content ?? '').trim() === completion.trim()) right += 1;
      onProgress(`asked ${next} of ${tests.length}, ${right} right`);
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  return right;
}
