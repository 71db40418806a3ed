// npm run bench -- <name> [--json]: runs bench/<name>/main.ts.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';

const [name, ...rest] = process.argv.slice(2);
const known = readdirSync('bench').filter((entry) => existsSync(`bench/${entry}/main.ts`));
if (!name || !known.includes(name)) {
  console.error(`parapet: name a benchmark: npm run bench -- <${known.join(' | ')}> [--json]`);
  process.exit(2);
}
const { status } = spawnSync(process.execPath, ['--import', 'tsx', `bench/${name}/main.ts`, ...rest], {
  stdio: 'inherit',
});
process.exit(status ?? 1);
