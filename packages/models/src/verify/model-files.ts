import { existsSync, readdirSync, statSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { sha256OfFile } from '../fetch/files.ts';
import { type PinnedFile, registry } from '../registry.ts';
import { shardFiles } from '../weights/hugging-face.ts';

export type FileRecord = { name: string; bytes: number; sha256: string };

/** What files are held against. */
export type FileAuthority = 'registry' | 'earlier' | 'none';

const optionalFiles = ['tokenizer_config.json', 'model.safetensors.index.json', 'generation_config.json'];

/** A model's folder, and the files of it that are the model's: a .gguf file, or the files as the hub has them. */
function filesOf(path: string): { dir: string; names: string[] } {
  if (!existsSync(path)) throw new Error(`${path} is not there: put the model's files there, on this worker.`);
  if (statSync(path).isFile()) return { dir: dirname(path), names: [basename(path)] };
  const gguf = readdirSync(path).filter((name) => name.endsWith('.gguf'));
  if (gguf.length > 0) return { dir: path, names: gguf };
  const optional = optionalFiles.filter((name) => existsSync(join(path, name)));
  return { dir: path, names: ['config.json', 'tokenizer.json', ...shardFiles(path), ...optional] };
}

/** The registry's pins, where the model has a name of the registry and its folder holds that source's kind of files. */
function pinsOf(name: string, names: readonly string[]): readonly PinnedFile[] | null {
  const isGguf = (file: { name: string }) => file.name.endsWith('.gguf');
  const sources = registry.find((model) => model.name === name)?.sources ?? [];
  const gguf = names.some((file) => file.endsWith('.gguf'));
  return sources.find(({ files }) => files.some(isGguf) === gguf)?.files ?? null;
}

/**
 * Reads every file of a model and holds it against what is known of it: the registry's digests, else those of an
 * earlier verification.
 *
 * @returns what was found
 * @throws Error naming the file that is missing or damaged, and what to do
 */
export async function checkModelFiles(
  { path, name, recorded }: { path: string; name: string; recorded: readonly FileRecord[] | null },
  onProgress: (done: number) => void,
): Promise<{ files: FileRecord[]; against: FileAuthority }> {
  const { dir, names } = filesOf(path);
  const pins = pinsOf(name, names);
  const known = pins ?? recorded;
  const against = pins !== null ? 'registry' : recorded !== null ? 'earlier' : 'none';
  const all = [...new Set([...(known ?? []).map((file) => file.name), ...names])];
  const files: FileRecord[] = [];
  for (const [at, file] of all.entries()) {
    const expected = known?.find((one) => one.name === file) ?? null;
    files.push(await checkFile(dir, file, expected, against));
    onProgress((at + 1) / all.length);
  }
  return { files, against };
}

async function checkFile(
  dir: string,
  name: string,
  expected: FileRecord | null,
  against: FileAuthority,
): Promise<FileRecord> {
  const path = join(dir, name);
  const found = await stat(path).catch(() => null);
  if (found === null) throw new Error(`${path} is missing: ${remedy(against)}`);
  const record = { name, bytes: found.size, sha256: await sha256OfFile(path) };
  if (expected === null) return record;
  if (record.bytes !== expected.bytes)
    throw new Error(`${path} is damaged: it has ${record.bytes} bytes, not ${expected.bytes}; ${remedy(against)}`);
  if (record.sha256 !== expected.sha256) {
    const digests = `its SHA-256 is ${record.sha256.slice(0, 16)}…, not ${expected.sha256.slice(0, 16)}…`;
    throw new Error(`${path} is damaged: ${digests}; ${remedy(against)}`);
  }
  return record;
}

/** What a file that is not what it was is mended by. */
function remedy(against: FileAuthority): string {
  const fetched = 'delete it and start the worker again, which fetches it anew, or copy it from a sound machine.';
  return against === 'registry' ? fetched : 'copy it again from where the model came from.';
}
