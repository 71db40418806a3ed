import { fileURLToPath } from 'node:url';

/** Where tests keep base models: the platform's own data directory, so that nothing is fetched twice. */
export const testDataDir = process.env.PARAPET_DATA ?? fileURLToPath(new URL('../../../../data', import.meta.url));

/** A folder that may hold the model already. */
export const testModelFolder = process.env.PARAPET_MODEL_DIR;

/** The PyPI index of this machine, when it is not the public one. */
export const testPypiIndex = process.env.PIP_INDEX_URL;
