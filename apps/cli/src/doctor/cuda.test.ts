import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findCudaLibrary, librarySearchPath } from '@parapet/runtime/cuda-libraries';
import { describe, expect, it } from 'vitest';
import { checkCuda } from './cuda.ts';

/** A site-packages folder as pip lays NVIDIA's wheels. */
function sitePackages(files: readonly string[]): string {
  const root = mkdtempSync(join(tmpdir(), 'parapet-site-'));
  for (const file of files) {
    mkdirSync(join(root, file, '..'), { recursive: true });
    writeFileSync(join(root, file), '');
  }
  return root;
}

describe('where CUDA is looked for', () => {
  it('finds libraries in wheels, the newest version first', () => {
    const site = sitePackages(['nvidia/cu13/lib/libnvrtc.so.13', 'nvidia/cuda_nvrtc/lib/libnvrtc.so.12']);
    const found = findCudaLibrary('nvrtc', librarySearchPath(site));
    expect(found).toEqual({ path: join(site, 'nvidia/cu13/lib/libnvrtc.so.13'), version: '13' });
  });
});

describe('doctor', () => {
  it('tells of a broken driver in words, and asks no further', () => {
    const site = sitePackages(['libcuda.so.1']); // an empty file is no library
    const checks = checkCuda(site);
    expect(checks).toHaveLength(1);
    expect(checks[0]).toMatchObject({ name: 'NVIDIA driver', state: 'broken' });
    expect(checks[0]!.advice).toContain('nvidia-smi');
  });
});
