/**
 * How well PARA, LoRA and (IA)³ learn: the table of the committed sweep (results.jsonl, made by sweep.py), and on
 * request one run of the platform's own trainer and engine on this machine's CPU.
 *
 *   npm run bench -- quality [--json]
 *   npm run bench -- quality --train banking77 --method para --rows 400 --test-rows 100 [--epochs 3] [--seed 1]
 *   npm run bench -- quality --platform banking77 [--method para-wide] [--rows …] [--test-rows …] [--learning-rate-multiplier …]
 */
import { parseArgs } from 'node:util';
import { adapterConfigSchema } from '@parapet/contracts/adapter';
import { printResult } from '../harness/report.ts';
import { platformRun } from './platform-run.ts';
import { productRun } from './product-run.ts';
import { paraAgainstLora, qualityTable } from './table.ts';

const all = ['q', 'k', 'v', 'o', 'gate', 'up', 'down'];
const methods: Record<string, { config: Record<string, unknown>; learningRate: number }> = {
  para: { config: { method: 'para' }, learningRate: 4e-3 },
  'para-wide': { config: { method: 'para', targets: 'wide', bias: true }, learningRate: 4e-3 },
  'lora-qvu-r8': { config: { method: 'lora', rank: 8, alpha: 16 }, learningRate: 3e-3 },
  'lora-all-r7': { config: { method: 'lora', rank: 7, alpha: 14, linears: all }, learningRate: 3e-3 },
  ia3: { config: { method: 'ia3' }, learningRate: 3e-2 },
};

const { values } = parseArgs({
  options: {
    json: { type: 'boolean' },
    train: { type: 'string' },
    platform: { type: 'string' },
    method: { type: 'string', default: 'para' },
    rows: { type: 'string' },
    'test-rows': { type: 'string' },
    epochs: { type: 'string' },
    'learning-rate': { type: 'string' },
    'learning-rate-multiplier': { type: 'string' },
    seed: { type: 'string', default: '1' },
    threads: { type: 'string', default: '2' },
  },
});

const methodOf = (name: string) => {
  const method = methods[name];
  if (method === undefined)
    throw new Error(`no method is named ${name}; there are: ${Object.keys(methods).join(', ')}`);
  return method;
};
const progress = (text: string) => process.stderr.write(`\r${text.padEnd(100)}`);

if (values.platform !== undefined) {
  const result = await platformRun(
    {
      task: values.platform,
      ...(values.rows && { trainRows: Number(values.rows) }),
      ...(values['test-rows'] && { testRows: Number(values['test-rows']) }),
      adapter: methodOf(values.method).config,
      hyperparameters: {
        ...(values.epochs && { n_epochs: Number(values.epochs) }),
        ...(values['learning-rate-multiplier'] && {
          learning_rate_multiplier: Number(values['learning-rate-multiplier']),
        }),
      },
      seed: Number(values.seed),
    },
    progress,
  );
  process.stderr.write('\n');
  printResult({ task: values.platform, method: values.method, ...result });
} else if (values.train === undefined) {
  const cells = qualityTable(new URL('results.jsonl', import.meta.url));
  for (const { task, method, parameters, learningRate, seeds, test, lowest, highest } of cells.sort(
    (a, b) => a.task.localeCompare(b.task) || b.test - a.test,
  )) {
    const spread = `${lowest.toFixed(1)}–${highest.toFixed(1)}`;
    console.log(
      `${task.padEnd(12)} ${method.padEnd(14)} ${String(parameters).padStart(9)} parameters  lr ${String(learningRate).padEnd(6)} ${test.toFixed(1)}  (${spread}, ${seeds} seeds)`,
    );
  }
  const gaps = paraAgainstLora(cells);
  const measured = Object.keys(gaps);
  printResult({
    data_sets: measured.length,
    para_within_one_point: measured.filter((task) => gaps[task]! >= -1).length,
    para_ahead: measured.filter((task) => gaps[task]! > 0).length,
    gaps,
    cells,
  });
} else {
  const method = methodOf(values.method);
  const learningRate = Number(values['learning-rate'] ?? method.learningRate);
  const run = {
    config: adapterConfigSchema.parse(method.config),
    ...{ task: values.train, trainRows: Number(values.rows ?? 400), testRows: Number(values['test-rows'] ?? 100) },
    ...{ epochs: Number(values.epochs ?? 3), learningRate, seed: Number(values.seed), threads: Number(values.threads) },
  };
  const { exact, tokensPerSecond, steps } = await productRun(run, progress);
  process.stderr.write('\n');
  printResult({
    ...{ task: run.task, method: values.method, train_rows: run.trainRows, epochs: run.epochs, steps },
    ...{ test_rows: run.testRows, exact, tokens_per_second: Math.round(tokensPerSecond) },
  });
}
process.exit(0);
