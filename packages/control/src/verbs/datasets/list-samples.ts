import type { SampleDataset } from '@parapet/contracts/portal/datasets';
import { z } from 'zod';
import { samples } from '../../datasets/samples.ts';
import { defineVerb } from '../../verb.ts';

/** Data sets to begin with. */
export const listSampleDatasets = defineVerb(
  'datasets.samples',
  z.void(),
  async (): Promise<SampleDataset[]> => samples.map(({ file: _, ...sample }) => sample),
);
