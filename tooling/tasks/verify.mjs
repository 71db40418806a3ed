// The fast gate: types, lint with import direction and dead paths, unit tests.
import { runAll, turbo } from './run-all.mjs';

await runAll([
  ['types', ...turbo('typecheck', '--output-logs=errors-only')],
  ['lint', 'npx', ['biome', 'check', '.']],
  ['import direction', 'node', ['tooling/lint/import-direction.mjs']],
  ['document paths', 'node', ['tooling/lint/doc-paths.mjs']],
  ['unit tests', 'npx', ['vitest', 'run', '--project', 'unit']],
]);
