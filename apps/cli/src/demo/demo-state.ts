import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';

/** What the demo made, so that a second run reuses it. Kept with the platform's data, readable by its owner only. */
const demoStateSchema = z.object({
  email: z.string(),
  password: z.string(),
  apiKey: z.string(),
  trainingFile: z.string().nullable(),
  jobId: z.string().nullable(),
  /** Accuracies of the base model and the adapter, 0 to 1. */
  evaluation: z.object({ base: z.number(), adapter: z.number() }).nullable(),
});
export type DemoState = z.infer<typeof demoStateSchema>;

const pathOf = (dataDir: string) => join(dataDir, 'run', 'demo.json');

export async function readDemoState(dataDir: string): Promise<DemoState | null> {
  try {
    return demoStateSchema.parse(JSON.parse(await readFile(pathOf(dataDir), 'utf8')));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw new Error(`${pathOf(dataDir)} can't be read: remove it and the demo starts afresh.`, { cause: error });
  }
}

export async function writeDemoState(dataDir: string, state: DemoState): Promise<void> {
  const path = pathOf(dataDir);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(`${path}.new`, JSON.stringify(state, null, 2), { mode: 0o600 });
  await rename(`${path}.new`, path);
}
