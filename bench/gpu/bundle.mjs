/** Packs the GPU suite into one folder that runs where nothing can be installed: bundle.mjs FOLDER. */
import { cpSync, mkdirSync, realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, '../..');
const target = process.argv[2];
if (target === undefined) throw new Error('Name a folder.');
const require = createRequire(realpathSync(join(root, 'node_modules/tsx/package.json')));
const { build } = require('esbuild');
await build({
  entryPoints: [join(here, 'main.ts')],
  outfile: join(target, 'run.mjs'),
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  external: ['koffi'],
  logLevel: 'warning',
  banner: {
    js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
  },
});
cpSync(join(root, 'packages/inference/src/devices/cuda/decoder.cu'), join(target, 'decoder.cu'));
cpSync(join(root, 'packages/runtime/src/cuda/host-cuda.h'), join(target, 'host-cuda.h'));
cpSync(join(here, 'reference.py'), join(target, 'reference.py'));
const koffi = realpathSync(join(root, 'packages/runtime/node_modules/koffi'));
const native = join(koffi, '../@koromix/koffi-linux-x64');
for (const [from, name] of [
  [koffi, 'koffi'],
  [native, '@koromix/koffi-linux-x64'],
]) {
  const to = join(target, 'node_modules', name);
  mkdirSync(dirname(to), { recursive: true });
  cpSync(realpathSync(from), to, {
    recursive: true,
    dereference: true,
    filter: (path) => !/\/(vendor|doc|musl_x64)(\/|$)/.test(path),
  });
}
