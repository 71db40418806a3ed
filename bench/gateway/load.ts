/** The load generator: a process of its own, so that it measures from outside. One JSON job on stdin, one result on stdout. */
import { Pool } from 'undici';

export interface LoadJob {
  url: string;
  path: string;
  headers: Record<string, string>;
  body: object;
  /** A field of the body that differs from request to request: a number from 1/2 to 3/2 of its mean, seeded. */
  vary?: { field: string; mean: number };
  /** Requests under way at once. */
  concurrency: number;
  seconds: number;
  warmupSeconds: number;
  /** The answers are streams of the null engine, which writes its clock into them. */
  timed: boolean;
}

export interface LoadResult {
  requests: number;
  /** All that were answered, those of the warm-up and the last ones too. */
  served: number;
  seconds: number;
  /** Answers other than 200, by status. */
  refused: Record<string, number>;
  /** Milliseconds of each request from its sending to its last byte. */
  totalMs: number[];
  /** Streams of the null engine only. Milliseconds of each that the engine did not spend: all, before it, after it. */
  outsideMs: number[];
  beforeMs: number[];
  afterMs: number[];
  /** Milliseconds of each token from the engine's sending to its arrival here. */
  tokenMs: number[];
}

async function readInput(): Promise<LoadJob> {
  let text = '';
  for await (const chunk of process.stdin) text += chunk;
  return JSON.parse(text) as LoadJob;
}

/** The clock that the null engine writes into its texts: monotonic, the same in every process. */
const clock = () => Number(process.hrtime.bigint()) / 1e6;
const arrivalStamp = /\[(\d+\.\d+)\]/;
const tokenStamp = /<(\d+\.\d+)>/g;

type Piece = { at: number; text: string };

/** What the engine's stamps tell of a stream that was sent at `sentAt` and read in `pieces`. */
function takeApart(result: LoadResult, sentAt: number, pieces: readonly Piece[], endedAt: number): void {
  const whole = pieces.map((piece) => piece.text).join('');
  const arrival = Number(arrivalStamp.exec(whole)?.[1]);
  const last = Number([...whole.matchAll(tokenStamp)].at(-1)?.[1]);
  for (const { at, text } of pieces) {
    for (const [, stamp] of text.matchAll(tokenStamp)) result.tokenMs.push(at - Number(stamp));
  }
  result.beforeMs.push(arrival - sentAt);
  result.afterMs.push(endedAt - last);
  result.outsideMs.push(endedAt - sentAt - (last - arrival));
}

/**
 * Streams of one length, each begun when one ended, fall into step and stay so: what starts in one batch ends in one.
 * Real ones differ in length.
 */
function bodies({ body, vary }: LoadJob): () => string {
  if (!vary) {
    const text = JSON.stringify(body);
    return () => text;
  }
  let state = 1;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return JSON.stringify({ ...body, [vary.field]: Math.round(vary.mean * (0.5 + state / 2 ** 32)) });
  };
}

async function run(job: LoadJob): Promise<LoadResult> {
  const pool = new Pool(job.url, { connections: job.concurrency, pipelining: 1 });
  const bodyOf = bodies(job);
  const headers = { 'content-type': 'application/json', ...job.headers };
  const result: LoadResult = {
    requests: 0,
    served: 0,
    seconds: 0,
    refused: {},
    totalMs: [],
    outsideMs: [],
    beforeMs: [],
    afterMs: [],
    tokenMs: [],
  };
  const begin = clock();
  const measureFrom = begin + job.warmupSeconds * 1000;
  const end = measureFrom + job.seconds * 1000;
  const one = async () => {
    // Clients are not in step with one another; started at once, equal streams would stay so for ever.
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 1000 * Math.min(1, job.warmupSeconds)));
    while (clock() < end) {
      const sentAt = clock();
      const answer = await pool.request({ method: 'POST', path: job.path, headers, body: bodyOf() });
      const pieces: Piece[] = [];
      for await (const chunk of answer.body) pieces.push({ at: clock(), text: (chunk as Buffer).toString('latin1') });
      const now = clock();
      result.served += 1;
      if (sentAt < measureFrom || now > end) continue;
      if (answer.statusCode !== 200) {
        result.refused[answer.statusCode] = (result.refused[answer.statusCode] ?? 0) + 1;
        continue;
      }
      result.requests += 1;
      result.totalMs.push(now - sentAt);
      if (job.timed) takeApart(result, sentAt, pieces, now);
    }
  };
  await Promise.all(Array.from({ length: job.concurrency }, one));
  result.seconds = job.seconds;
  await pool.destroy();
  return result;
}

process.stdout.write(JSON.stringify(await run(await readInput())));
