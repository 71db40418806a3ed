/**
 * Training against PyPI `peft`: the same LoRA (rank 16 on q, v, up; fp32) from the same first numbers over the same
 * batches on the same cores, one side after the other, each in a process of its own.
 *
 *   npm run bench -- train [--json] [--steps 16] [--batch 8] [--threads 2] [--wide]
 *
 * PARAPET_PEER_PYTHON names a Python with the peer: python3 -m venv peer && peer/bin/pip install torch transformers peft
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { openModel } from '@parapet/models/open';
import { baseModelDir } from '@parapet/models/testing-base';
import { z } from 'zod';
import { printResult } from '../harness/report.ts';
import { writePlan } from './plan.ts';

const sideSchema = z.object({
  tokensPerSecond: z.number(),
  /** By the processor time of all threads: what other load on the machine changes least. */
  tokensPerCpuSecond: z.number(),
  stepSeconds: z.number(),
  losses: z.array(z.number()),
  validLoss: z.number(),
  peakMemoryBytes: z.number(),
});
type Side = z.infer<typeof sideSchema>;

const { values } = parseArgs({
  options: {
    json: { type: 'boolean' },
    wide: { type: 'boolean', default: false },
    steps: { type: 'string', default: '16' },
    batch: { type: 'string', default: '8' },
    threads: { type: 'string', default: '2' },
    'learning-rate': { type: 'string', default: '0.002' },
  },
});
const python = process.env.PARAPET_PEER_PYTHON;
const here = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'parapet-bench-train-'));
const threads = Number(values.threads);

function side(command: string, args: string[]): Side {
  const env = { ...process.env, OMP_NUM_THREADS: String(threads) };
  const output = execFileSync(command, args, {
    env,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    maxBuffer: 1 << 26,
  });
  return sideSchema.parse(JSON.parse(output.trim().split('\n').at(-1)!));
}

try {
  const modelDir = await baseModelDir();
  const model = await openModel(modelDir);
  await writePlan(model, folder, {
    ...{ steps: Number(values.steps), batchSize: Number(values.batch), threads, seed: 1 },
    learningRate: Number(values['learning-rate']),
  });
  model.weights.close();
  const ours = (method: string) =>
    side(process.execPath, ['--import', 'tsx', here('ours.ts'), folder, modelDir, method]);
  const [lora, para] = [ours('lora'), ours('para')];
  const wide = values.wide ? ours('para-wide') : null;
  const peer = python === undefined ? null : side(python, [here('peft_peer.py'), folder]);
  const rounded = (x: number) => Number(x.toPrecision(4));
  printResult({
    tokens_per_second_lora: rounded(lora.tokensPerSecond),
    tokens_per_second_para: rounded(para.tokensPerSecond),
    peak_memory_gb_lora: rounded(lora.peakMemoryBytes / 1e9),
    peak_memory_gb_para: rounded(para.peakMemoryBytes / 1e9),
    ...(wide && {
      tokens_per_second_para_wide: rounded(wide.tokensPerSecond),
      peak_memory_gb_para_wide: rounded(wide.peakMemoryBytes / 1e9),
    }),
    valid_loss_lora: rounded(lora.validLoss),
    valid_loss_para: rounded(para.validLoss),
    ...(peer === null
      ? { peer: 'left out: set PARAPET_PEER_PYTHON to a Python with torch, transformers and peft' }
      : {
          tokens_per_second_peft: rounded(peer.tokensPerSecond),
          peak_memory_gb_peft: rounded(peer.peakMemoryBytes / 1e9),
          valid_loss_peft: rounded(peer.validLoss),
          largest_step_loss_gap: rounded(Math.max(...lora.losses.map((x, i) => Math.abs(x - peer.losses[i]!)))),
          vs_peft: rounded(lora.tokensPerSecond / peer.tokensPerSecond),
          vs_peft_para: rounded(para.tokensPerSecond / peer.tokensPerSecond),
          vs_peft_by_cpu_time: rounded(lora.tokensPerCpuSecond / peer.tokensPerCpuSecond),
          vs_peft_para_by_cpu_time: rounded(para.tokensPerCpuSecond / peer.tokensPerCpuSecond),
          loss_gap_vs_peft: rounded(lora.validLoss - peer.validLoss),
          peak_memory_vs_peft: rounded(lora.peakMemoryBytes / peer.peakMemoryBytes),
          peak_memory_vs_peft_para: rounded(para.peakMemoryBytes / peer.peakMemoryBytes),
        }),
    ...{ steps: Number(values.steps), batch: Number(values.batch), threads },
  });
} finally {
  rmSync(folder, { recursive: true, force: true });
}
