import { spawnSync } from 'node:child_process';
import { mkdirSync, statfsSync } from 'node:fs';
import { createServer } from 'node:net';
import { availableParallelism, cpus, totalmem } from 'node:os';
import { formatBytes } from '../terminal.ts';
import type { Check } from './check.ts';

/** Room for the base model, its exported weights, the database and some adapters. */
const neededDiskBytes = 3e9;
const neededMemoryBytes = 6e9;

export function checkNode(): Check {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const supported = major > 20 || (major === 20 && minor >= 9);
  return {
    name: 'Node',
    state: supported ? 'ok' : 'broken',
    detail: `${process.version} on ${process.platform} ${process.arch}`,
    advice: supported ? undefined : 'Install Node 20.9 or newer.',
  };
}

export function checkProcessor(): Check {
  const memory = totalmem();
  const enough = memory >= neededMemoryBytes;
  return {
    name: 'Processor and memory',
    state: enough ? 'ok' : 'broken',
    detail: `${cpus()[0]?.model.trim() ?? 'unknown'}, ${availableParallelism()} threads, ${formatBytes(memory)}`,
    advice: enough
      ? undefined
      : `Training wants ${formatBytes(neededMemoryBytes)} of memory; serving alone about a third.`,
  };
}

export function checkDisk(dataDir: string): Check {
  mkdirSync(dataDir, { recursive: true });
  const { bavail, bsize } = statfsSync(dataDir);
  const free = bavail * bsize;
  const enough = free >= neededDiskBytes;
  return {
    name: 'Disk',
    state: enough ? 'ok' : 'broken',
    detail: `${formatBytes(free)} free under ${dataDir}`,
    advice: enough
      ? undefined
      : `Free ${formatBytes(neededDiskBytes)}, or set PARAPET_DATA to a folder on a larger disk.`,
  };
}

export async function checkPort(name: string, port: number, variable: string): Promise<Check> {
  const free = await new Promise<boolean>((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
  return {
    name: `Port of the ${name}`,
    state: free ? 'ok' : 'broken',
    detail: free ? `${port} is free` : `${port} is in use`,
    advice: free ? undefined : `Stop what listens there (Parapet itself, perhaps), or set ${variable} to another port.`,
  };
}

/** pip is one of the base model's sources, and not needed when another answers. */
export function checkPip(): Check {
  const found = ['python3', 'python']
    .map((python) => spawnSync(python, ['-m', 'pip', '--version'], { encoding: 'utf8', timeout: 20_000 }))
    .find((result) => result.status === 0);
  return {
    name: 'pip (one source of the base model)',
    state: found ? 'ok' : 'absent',
    detail: found ? found.stdout.trim().replace(/ from .*\(/, ' (') : 'not found',
    advice: found ? undefined : 'Only needed where the Hugging Face hub is out of reach: install python3-pip.',
  };
}
