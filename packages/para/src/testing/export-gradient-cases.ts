/**
 * Writes the gradient cases where make_gradients.py reads them:
 *
 *   npx tsx packages/para/src/testing/export-gradient-cases.ts DIR
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { tinyModel, writeTinyModel } from '@parapet/models/testing';
import { encodeAdapter } from '../adapter-file.ts';
import { gradientBatch, gradientCases, gradientModelSeed } from './gradient-cases.ts';

const dir = process.argv[2] ?? '.';
const { spec } = tinyModel(gradientModelSeed);
const baseDigest = writeTinyModel(join(dir, 'model'), gradientModelSeed);
for (const { name, config, tensors } of gradientCases(spec))
  writeFileSync(
    join(dir, `${name}.safetensors`),
    encodeAdapter({ config, baseDigest, baseModel: 'tiny' }, spec, tensors),
  );
writeFileSync(join(dir, 'batch.json'), JSON.stringify({ ...gradientBatch, baseDigest }));
