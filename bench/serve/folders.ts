import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** The data sets of the benchmarks: PARAPET_BENCH_DATA, or `shared/data` in or beside the repository. */
export const benchDataDir =
  process.env.PARAPET_BENCH_DATA ??
  [join(root, 'shared/data'), join(root, '../shared/data')].find(existsSync) ??
  join(root, 'shared/data');

/** Exported weights are kept with the platform's data. */
export const weightsFolder = join(process.env.PARAPET_DATA ?? join(root, 'data'), 'models', 'serving');

/** Compiled kernels are kept there too. */
export const kernelsFolder = join(process.env.PARAPET_DATA ?? join(root, 'data'), 'models', 'kernels');

/** Working files of the benchmark: peers' adapters and requantised models. */
export const workFolder = join(process.env.PARAPET_DATA ?? join(root, 'data'), 'bench');
