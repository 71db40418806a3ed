import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Exported weights of the real model for slow tests and benchmarks: kept between runs. */
export const testWeightsFolder = process.env.PARAPET_TEST_WEIGHTS ?? join(tmpdir(), 'parapet-test-weights');

/** Our own kernels, compiled for tests: kept between runs. */
export const testKernelsFolder = join(tmpdir(), 'parapet-test-kernels');
