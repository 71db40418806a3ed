// npm run screenshots -- --customer email:password [--admin email:password]: see apps/portal/gallery.
import { spawnSync } from 'node:child_process';

const { status } = spawnSync(
  process.execPath,
  ['--import', 'tsx', 'apps/portal/gallery/main.ts', ...process.argv.slice(2)],
  { stdio: 'inherit' },
);
process.exit(status ?? 1);
