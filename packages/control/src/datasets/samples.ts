import { createReadStream } from 'node:fs';
import type { SampleDataset } from '@parapet/contracts/portal/datasets';

/** What ships with the platform to begin with; samples/LICENCES.md has where it comes from. */
export const samples: readonly (SampleDataset & { file: string })[] = [
  {
    id: 'support-routing',
    title: 'Support routing',
    description: 'Questions of a bank’s customers, each with one of eight topics. Trains in a few minutes.',
    rows: 400,
    licence: 'CC BY 4.0 (BANKING77, PolyAI)',
    file: 'support-routing.jsonl',
  },
  {
    id: 'cause-and-effect',
    title: 'Cause and effect',
    description: 'A premise and two alternatives: which is its more plausible cause or effect?',
    rows: 400,
    licence: 'BSD 2-Clause (COPA, University of Southern California)',
    file: 'cause-and-effect.jsonl',
  },
];

export const openSample = (file: string): AsyncIterable<Uint8Array> =>
  createReadStream(new URL(`../../samples/${file}`, import.meta.url));
