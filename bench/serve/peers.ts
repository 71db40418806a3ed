import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { workFolder } from './folders.ts';

export interface PeerRate {
  peer: string;
  weights: string;
  rows: number;
  /** An adapter of rank 16 on all linears. */
  lora: boolean;
  /** Tokens a second. */
  rate: number;
}

const timeoutMs = 600_000;
const here = (name: string) => fileURLToPath(new URL(name, import.meta.url));

/**
 * llama.cpp's decode rates by both of its bindings, of the file as shipped (Q4_1) and of Q8_0 made from it. The Python
 * binding is looked for at PARAPET_PEER_PYTHON; its repacked weights crash on some machines, then it runs without.
 */
export function peerRates(model: string, cachedTokens: number, steps: number, threads: number): PeerRate[] {
  mkdirSync(workFolder, { recursive: true });
  const numbers = [String(cachedTokens), String(steps), String(threads)];
  const python = process.env.PARAPET_PEER_PYTHON;
  const rates: PeerRate[] = [];
  if (python !== undefined && existsSync(python)) {
    const args = [here('./peer_llama.py'), model, workFolder, ...numbers];
    const first = run(python, args);
    rates.push(...(first.length > 0 ? first : run(python, [...args, 'plain'])));
  }
  const lora = join(workFolder, 'peer-lora-r16.gguf');
  const q8 = join(workFolder, 'peer-q8_0.gguf');
  for (const [weights, file] of [
    ['Q4_1', model],
    ['Q8_0', q8],
  ] as const) {
    if (!existsSync(file)) continue;
    const args = [
      '--import',
      'tsx',
      here('./peer-node-llama.ts'),
      file,
      weights,
      existsSync(lora) ? lora : '-',
      ...numbers,
    ];
    rates.push(...run(process.execPath, args));
  }
  return rates;
}

/** The lines of a peer that ended well; none of one that crashed. */
function run(command: string, args: readonly string[]): PeerRate[] {
  const { status, stdout } = spawnSync(command, args, {
    encoding: 'utf8',
    timeout: timeoutMs,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const lines = stdout.split('\n').filter((line) => line.startsWith('{"peer"'));
  return status === 0 ? lines.map((line) => JSON.parse(line) as PeerRate) : [];
}
