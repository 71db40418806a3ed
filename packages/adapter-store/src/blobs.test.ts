/** One contract for every kind of store. */
import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import S3rver from 's3rver';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BlobStore, readBytes } from './blobs.ts';
import { createFilesystemStore } from './filesystem.ts';
import { createS3Store } from './s3.ts';

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

async function collect(stream: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}

type Opened = {
  store: BlobStore;
  damage: (digest: string) => Promise<void>;
  leftovers: () => Promise<string[]>;
  close: () => Promise<void>;
};

async function openFilesystem(): Promise<Opened> {
  const root = await mkdtemp(join(tmpdir(), 'parapet-blobs-'));
  return {
    store: createFilesystemStore(root),
    damage: (digest) => writeFile(join(root, digest.slice(0, 2), digest), 'not what it was'),
    leftovers: () => readdir(join(root, 'incoming')),
    close: () => rm(root, { recursive: true, force: true }),
  };
}

async function openS3(): Promise<Opened> {
  const root = await mkdtemp(join(tmpdir(), 'parapet-s3-'));
  const server = new S3rver({
    port: 0,
    address: '127.0.0.1',
    silent: true,
    directory: join(root, 'server'),
    configureBuckets: [{ name: 'parapet', configs: [] }],
  });
  const address = (await server.run()) as AddressInfo;
  const config = {
    bucket: 'parapet',
    prefix: 'test/',
    endpoint: `http://127.0.0.1:${address.port}`,
    accessKeyId: 'S3RVER',
    secretAccessKey: 'S3RVER',
    spoolDirectory: join(root, 'spool'),
  };
  const store = createS3Store(config);
  return {
    store,
    damage: (digest) =>
      writeFile(join(root, 'server/parapet/test/blobs', `${digest}._S3rver_object`), 'not what it was'),
    leftovers: () => readdir(config.spoolDirectory),
    close: async () => {
      store.close();
      await server.close();
      await rm(root, { recursive: true, force: true });
    },
  };
}

describe.each([
  ['filesystem', openFilesystem],
  ['s3', openS3],
])('a blob store on %s', (_name, open) => {
  let opened: Opened;
  let store: BlobStore;
  beforeAll(async () => {
    opened = await open();
    store = opened.store;
  });
  afterAll(() => opened.close());

  const content = randomBytes(700_000);
  async function* chunks(bytes: Uint8Array, size = 65_536) {
    for (let offset = 0; offset < bytes.length; offset += size) yield bytes.subarray(offset, offset + size);
  }

  it('gives back what was streamed in, under its SHA-256', async () => {
    const written = await store.write(chunks(content));
    expect(written).toEqual({ digest: sha256(content), bytes: content.length, existed: false });
    const { bytes, stream } = await store.read(written.digest, { verify: true });
    expect(bytes).toBe(content.length);
    expect((await collect(stream)).equals(content)).toBe(true);
    expect(await store.stat(written.digest)).toMatchObject({ bytes: content.length });
    expect(await opened.leftovers()).toEqual([]);
  });

  it('stores the same content once, also when written at the same time', async () => {
    const bytes = randomBytes(10_000);
    const results = await Promise.all([1, 2, 3].map(() => store.write(bytes)));
    expect(new Set(results.map((result) => result.digest))).toEqual(new Set([sha256(bytes)]));
    expect(await store.write(bytes)).toMatchObject({ existed: true });
    expect(await readBytes(store, sha256(bytes), 20_000)).toEqual(new Uint8Array(bytes));
  });

  it('takes the empty content', async () => {
    const { digest } = await store.write(new Uint8Array());
    expect(await readBytes(store, digest, 0)).toEqual(new Uint8Array());
  });

  it('reads a range', async () => {
    const { digest } = await store.write(content);
    const { bytes, stream } = await store.read(digest, { range: { start: 100, end: 200 } });
    expect(bytes).toBe(100);
    expect((await collect(stream)).equals(content.subarray(100, 200))).toBe(true);
    const past = await store.read(digest, { range: { start: content.length, end: content.length + 5 } });
    expect(past.bytes).toBe(0);
    expect(await collect(past.stream)).toHaveLength(0);
  });

  it('refuses content past the bound without reading the rest', async () => {
    let given = 0;
    const endless = async function* () {
      for (;;) {
        given += 1000;
        yield Buffer.alloc(1000);
      }
    };
    await expect(store.write(endless(), { maxBytes: 10_000 })).rejects.toMatchObject({ code: 'payload_too_large' });
    expect(given).toBeLessThan(20_000);
    expect(await opened.leftovers()).toEqual([]);
  });

  it('refuses content that is not what was announced', async () => {
    const wrong = store.write(Buffer.from('this'), { expected: sha256(Buffer.from('that')) });
    await expect(wrong).rejects.toMatchObject({ code: 'unprocessable' });
    expect(await store.stat(sha256(Buffer.from('this')))).toBeNull();
  });

  it('leaves nothing of an upload that broke off or was aborted', async () => {
    const breaks = async function* () {
      yield Buffer.from('some');
      throw new Error('connection lost');
    };
    await expect(store.write(breaks())).rejects.toThrow('connection lost');
    const controller = new AbortController();
    const aborted = async function* () {
      yield Buffer.from('a');
      controller.abort();
      yield Buffer.from('b');
    };
    await expect(store.write(aborted(), { signal: controller.signal })).rejects.toThrow(/abort/i);
    expect(await opened.leftovers()).toEqual([]);
  });

  it('says when stored content was damaged', async () => {
    const { digest } = await store.write(randomBytes(100));
    await opened.damage(digest);
    const { stream } = await store.read(digest, { verify: true });
    await expect(collect(stream)).rejects.toThrow(/damaged/);
  });

  it('bounds what is read into memory', async () => {
    const { digest } = await store.write(randomBytes(100));
    await expect(readBytes(store, digest, 99)).rejects.toMatchObject({ code: 'payload_too_large' });
  });

  it('lists, deletes, and says what is not there', async () => {
    const { digest } = await store.write(randomBytes(50));
    const listed: string[] = [];
    for await (const blob of store.list()) listed.push(blob.digest);
    expect(listed).toContain(digest);
    expect(await store.delete(digest)).toBe(true);
    expect(await store.delete(digest)).toBe(false);
    expect(await store.stat(digest)).toBeNull();
    await expect(store.read(digest)).rejects.toMatchObject({ code: 'not_found' });
    await store.check();
  });

  it('keeps what was written again since', async () => {
    const bytes = randomBytes(50);
    const { digest } = await store.write(bytes);
    expect(await store.delete(digest, new Date(Date.now() - 60_000))).toBe(false);
    expect(await readBytes(store, digest, 50)).toEqual(new Uint8Array(bytes));
    expect(await store.delete(digest, new Date(Date.now() + 60_000))).toBe(true);
    expect(await store.stat(digest)).toBeNull();
  });

  it('takes no name that is not a digest', async () => {
    await expect(async () => store.read('../../etc/passwd')).rejects.toThrow();
  });
});

describe('a filesystem store', () => {
  it('removes what dead writers left, and nothing younger', async () => {
    const root = await mkdtemp(join(tmpdir(), 'parapet-blobs-'));
    const store = createFilesystemStore(root);
    await store.check();
    await writeFile(join(root, 'incoming', 'old'), 'x');
    await utimes(join(root, 'incoming', 'old'), new Date(0), new Date(0));
    await writeFile(join(root, 'incoming', 'young'), 'x');
    expect(await store.removeStale(new Date(Date.now() - 60_000))).toBe(1);
    expect(await readdir(join(root, 'incoming'))).toEqual(['young']);
    await rm(root, { recursive: true });
  });

  it('says that the disk is full, and keeps nothing', async () => {
    const root = await mkdtemp(join(tmpdir(), 'parapet-blobs-'));
    // A process that may write files of 8 KiB at most stands for a disk with so much room.
    const script = `
      import { createFilesystemStore } from '${new URL('./filesystem.ts', import.meta.url).href}';
      const store = createFilesystemStore('${root}');
      await store.write(new Uint8Array(4000));
      try { await store.write(new Uint8Array(100_000)); } catch (error) { console.log(error.code, error.details.subcode); }
    `;
    const command = `ulimit -f 8; trap '' XFSZ; exec "${process.execPath}" --import tsx --input-type=module`;
    const { stdout } = await new Promise<{ stdout: string }>((resolve, reject) => {
      const child = execFile('bash', ['-c', command], { cwd: import.meta.dirname }, (error, out) =>
        error ? reject(error) : resolve({ stdout: out }),
      );
      child.stdin?.end(script);
    });
    expect(stdout.trim()).toBe('engine_unavailable storage_full');
    expect(await readdir(join(root, 'incoming'))).toEqual([]);
    await rm(root, { recursive: true });
  });
});
