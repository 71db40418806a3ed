// Imports flow one way (AGENTS.md). pnpm only resolves what a package.json names, so holding the manifests to
// this table holds every import; biome's own rule catches an import that no manifest names.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const control = ['contracts', 'db', 'adapter-store', 'metering', 'control'];
const compute = ['contracts', 'onnx-graph', 'models', 'para', 'runtime', 'inference', 'training'];

/** Package → packages it may depend on. A package that is not here fails: say where it stands. */
const allowed = {
  'packages/contracts': [],
  'packages/db': ['contracts'],
  'packages/adapter-store': ['contracts', 'db'],
  'packages/metering': ['contracts', 'db'],
  'packages/control': ['contracts', 'db', 'adapter-store', 'metering'],
  'packages/onnx-graph': [],
  'packages/models': ['contracts', 'onnx-graph'],
  'packages/para': ['contracts', 'onnx-graph', 'models'],
  'packages/runtime': ['contracts', 'onnx-graph'],
  'packages/inference': ['contracts', 'onnx-graph', 'models', 'para', 'runtime'],
  'packages/training': ['contracts', 'onnx-graph', 'models', 'para', 'runtime'],
  'apps/gateway': [...control, 'models', 'para'],
  'apps/worker': compute,
  'apps/portal': ['contracts', 'gateway'],
  'apps/cli': [...control, ...compute, 'gateway', 'worker'],
  bench: [...control, ...compute, 'gateway', 'worker'],
  e2e: [...control, ...compute, 'gateway', 'worker', 'cli'],
};

const problems = [];
const places = ['apps', 'packages'].flatMap((group) =>
  existsSync(group) ? readdirSync(group).map((name) => `${group}/${name}`) : [],
);
for (const place of [...places, 'bench', 'e2e']) {
  const manifest = join(place, 'package.json');
  if (!existsSync(manifest)) continue;
  const { dependencies = {}, devDependencies = {} } = JSON.parse(readFileSync(manifest, 'utf8'));
  const rule = allowed[place];
  if (!rule) {
    problems.push(`${place} is not in the table of tooling/lint/import-direction.mjs: say what it may import.`);
    continue;
  }
  for (const name of Object.keys({ ...dependencies, ...devDependencies })) {
    const own = name.match(/^@parapet\/(.+)$/)?.[1];
    if (own && own !== 'tsconfig' && !rule.includes(own)) problems.push(`${place} may not depend on ${own}.`);
  }
  if (place === 'apps/portal' && dependencies['@parapet/gateway']) {
    problems.push('apps/portal may know the gateway by types only: name it in devDependencies.');
  }
}
for (const problem of problems) console.error(problem);
process.exit(problems.length === 0 ? 0 : 1);
