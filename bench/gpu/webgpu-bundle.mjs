/** Packs the WebGPU bench into one folder that runs where nothing can be installed: node FOLDER/run.mjs. */
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
  entryPoints: [join(here, 'webgpu.ts')],
  outfile: join(target, 'run.mjs'),
  ...{ bundle: true, platform: 'node', format: 'esm', target: 'node20', external: ['koffi'], logLevel: 'warning' },
  banner: {
    js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
  },
});
const inference = join(root, 'packages/inference');
cpSync(join(inference, 'src/devices/webgpu/shaders'), join(target, 'shaders'), { recursive: true });

/** Copies a package without what this platform doesn't load. */
function take(from, name, leave) {
  const to = join(target, 'node_modules', name);
  mkdirSync(dirname(to), { recursive: true });
  cpSync(realpathSync(from), to, { recursive: true, dereference: true, filter: (path) => !leave.test(path) });
}
const koffi = realpathSync(join(inference, 'node_modules/koffi'));
take(koffi, 'koffi', /\/(vendor|doc)(\/|$)/);
take(join(koffi, '../@koromix/koffi-linux-x64'), '@koromix/koffi-linux-x64', /\/musl_x64(\/|$)/);
take(join(inference, 'node_modules/webgpu'), 'webgpu', /\/(darwin|win32|linux-arm64)[^/]*(\/|$)/);
