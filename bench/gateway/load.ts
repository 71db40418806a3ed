/** The load generator: a process of its own, so that it measures from outside. One JSON job on stdin, one result on stdout. */
import { Pool } from 'undici';

export interface LoadJob {
  url: string;
  path: string;
  headers: Record<string, string>;
  body: object;
  /** Requests under way at once. */
  concurrency: number;
  seconds: number;
  warmupSeconds: number;
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
  /** Milliseconds the engine says it spent on it (streams only), in the same order. */
  engineMs: number[];
}

async function readInput(): Promise<LoadJob> {
  let text = '';
  for await (const chunk of process.stdin) text += chunk;
  return JSON.parse(text) as LoadJob;
}

/** The null engines put their own time for the request into the text: `<ms>`. */
const engineTime = /<(\d+\.\d+)>/;

async function run(job: LoadJob): Promise<LoadResult> {
  const pool = new Pool(job.url, { connections: job.concurrency, pipelining: 1 });
  const body = JSON.stringify(job.body);
  const headers = { 'content-type': 'application/json', ...job.headers };
  const result: LoadResult = { requests: 0, served: 0, seconds: 0, refused: {}, totalMs: [], engineMs: [] };
  const begin = performance.now();
  const measureFrom = begin + job.warmupSeconds * 1000;
  const end = measureFrom + job.seconds * 1000;
  const one = async () => {
    // Clients are not in step with one another; started at once, equal streams would stay so for ever.
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 1000 * Math.min(1, job.warmupSeconds)));
    while (performance.now() < end) {
      const startedAt = performance.now();
      const answer = await pool.request({ method: 'POST', path: job.path, headers, body });
      const text = await answer.body.text();
      const now = performance.now();
      result.served += 1;
      if (startedAt < measureFrom || now > end) continue;
      if (answer.statusCode !== 200) {
        result.refused[answer.statusCode] = (result.refused[answer.statusCode] ?? 0) + 1;
        continue;
      }
      result.requests += 1;
      result.totalMs.push(now - startedAt);
      const engine = engineTime.exec(text)?.[1];
      if (engine !== undefined) result.engineMs.push(Number(engine));
    }
  };
  await Promise.all(Array.from({ length: job.concurrency }, one));
  result.seconds = job.seconds;
  await pool.destroy();
  return result;
}

process.stdout.write(JSON.stringify(await run(await readInput())));
