import { resolve } from 'node:path';
import { z } from 'zod';

const schema = z.object({
  /** Where everything is kept: database, blobs, models, logs. */
  PARAPET_DATA: z.string().min(1).default('data'),
  PARAPET_PORT: z.coerce.number().int().min(1).max(65_535).default(8787),
  /** Interface to listen on; 0.0.0.0 for every one. */
  PARAPET_HOST: z.string().default('127.0.0.1'),
  PARAPET_PORTAL_PORT: z.coerce.number().int().min(1).max(65_535).default(3000),
  /** A folder with the base model's files, tried before any download. */
  PARAPET_MODEL_DIR: z.string().optional(),
  /** What the workers run on. */
  PARAPET_DEVICE: z.enum(['cpu', 'webgpu', 'cuda']).default('cpu'),
  /** Folders with NVIDIA's libraries (site-packages folders count), separated like PATH. */
  PARAPET_CUDA_LIBRARIES: z.string().optional(),
  /** A PyPI mirror, as pip itself is told of one. */
  PIP_INDEX_URL: z.url().optional(),
});

/** What the person at the terminal has set. */
export function cliEnv() {
  const result = schema.safeParse(process.env);
  if (!result.success) {
    const issue = result.error.issues[0];
    throw new Error(`the environment variable ${issue?.path.join('.')} is wrong: ${issue?.message}.`);
  }
  return {
    dataDir: resolve(result.data.PARAPET_DATA),
    gatewayPort: result.data.PARAPET_PORT,
    portalPort: result.data.PARAPET_PORTAL_PORT,
    host: result.data.PARAPET_HOST,
    modelDir: result.data.PARAPET_MODEL_DIR,
    device: result.data.PARAPET_DEVICE,
    cudaLibraries: result.data.PARAPET_CUDA_LIBRARIES,
    pypiIndexUrl: result.data.PIP_INDEX_URL,
  };
}

export const debugWanted = (): boolean => process.env.PARAPET_DEBUG === '1';
