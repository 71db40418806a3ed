import { runAll, turbo } from './run-all.mjs';

await runAll([['types', ...turbo('typecheck', '--output-logs=errors-only')]]);
