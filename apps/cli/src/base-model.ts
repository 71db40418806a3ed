import { fetchModel } from '@parapet/models/fetch';
import { cliEnv } from './env.ts';
import { formatBytes, ProgressLine } from './terminal.ts';

export const defaultModel = 'smollm2-135m-instruct';

const phases = { download: 'fetching', unpack: 'unpacking', verify: 'checking', wait: 'waiting for' } as const;

/** Makes the base model be there, with its progress on the terminal; returns its folder. */
export async function ensureBaseModel(name: string, signal?: AbortSignal): Promise<string> {
  const env = cliEnv();
  const progress = new ProgressLine(2000);
  const dir = await fetchModel(name, {
    dataDir: env.dataDir,
    folder: env.modelDir,
    pypiIndexUrl: env.pypiIndexUrl,
    signal,
    onProgress: ({ source, phase, file, doneBytes, totalBytes }) => {
      const share = totalBytes > 0 ? ` ${formatBytes(doneBytes)} of ${formatBytes(totalBytes)}` : '';
      progress.update(`${phases[phase]} ${file} from ${source}${share}`);
    },
  });
  progress.end(`${name} is at ${dir}`);
  return dir;
}
