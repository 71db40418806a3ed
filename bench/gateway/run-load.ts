import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { LoadJob, LoadResult } from './load.ts';
import { answerOf, launchTsx } from './processes.ts';

/** Before anything is counted, on both sides: it takes so long until what runs often is compiled for good. */
export const warmupSeconds = 15;

/** Runs a load in a process of its own. @throws when any request was refused */
export async function runLoad(job: Omit<LoadJob, 'warmupSeconds'>): Promise<LoadResult> {
  const child = launchTsx(fileURLToPath(new URL('load.ts', import.meta.url)));
  const text = await answerOf(child, JSON.stringify({ ...job, warmupSeconds } satisfies LoadJob));
  const result = JSON.parse(text) as LoadResult;
  if (Object.keys(result.refused).length > 0) {
    throw new Error(`${job.url} refused requests: ${JSON.stringify(result.refused)}`);
  }
  return result;
}

export function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? Number.NaN;
}

export const round = (value: number) => Number(value.toFixed(2));

/** Processor time that the gateway has used so far: what a request costs, whatever else the machine does. */
export async function gatewayCpuSeconds(gatewayUrl: string): Promise<number> {
  const text = await (await fetch(`${gatewayUrl}/metrics`)).text();
  return Number(/^parapet_gateway_process_cpu_seconds_total (\S+)/m.exec(text)?.[1]);
}

/** Processor time that everything on this machine has used since it started. */
export const machineCpuSeconds = () =>
  cpus().reduce((sum, { times }) => sum + times.user + times.nice + times.sys + times.irq, 0) / 1000;
