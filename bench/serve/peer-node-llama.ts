/**
 * llama.cpp through node-llama-cpp, in a process of its own: one JSON line a measurement.
 * tsx peer-node-llama.ts <model.gguf> <weights name> <lora.gguf or -> <cached tokens> <steps> <threads>
 */
import { getLlama, type Token } from 'node-llama-cpp';

const [path, weights, loraPath, cachedText, stepsText, threadsText] = process.argv.slice(2) as [
  string,
  string,
  string,
  string,
  string,
  string,
];
const [cached, steps, threads] = [Number(cachedText), Number(stepsText), Number(threadsText)];

const llama = await getLlama({ build: 'never', skipDownload: true, gpu: false, maxThreads: threads, logger: () => {} });
const model = await llama.loadModel({ modelPath: path });

async function rate(rows: number, lora: boolean): Promise<number> {
  const context = await model.createContext({
    sequences: rows,
    contextSize: 512,
    batchSize: 512,
    threads,
    ...(lora && { lora: loraPath }),
  });
  const sequences = Array.from({ length: rows }, () => context.getSequence());
  const prompt = (row: number) =>
    Array.from({ length: cached }, (_, i) => (1000 + ((row * 37 + i * 11) % 20_000)) as Token);
  await Promise.all(sequences.map((sequence, row) => sequence.evaluateWithoutGeneratingNewTokens(prompt(row))));
  const start = performance.now();
  const counts = await Promise.all(
    sequences.map(async (sequence, row) => {
      let count = 0;
      for await (const _token of sequence.evaluate([(500 + row) as Token], { temperature: 0, yieldEogToken: true })) {
        if (++count === steps) break;
      }
      return count;
    }),
  );
  const seconds = (performance.now() - start) / 1000;
  await context.dispose();
  return counts.reduce((a, b) => a + b) / seconds;
}

for (const rows of [1, 16, 32]) {
  console.log(JSON.stringify({ peer: 'node-llama-cpp', weights, rows, lora: false, rate: await rate(rows, false) }));
}
if (loraPath !== '-') {
  console.log(JSON.stringify({ peer: 'node-llama-cpp', weights, rows: 1, lora: true, rate: await rate(1, true) }));
}
process.exit(0);
