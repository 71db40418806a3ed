import { randomUUID } from 'node:crypto';
import { access, constants, mkdir, open, opendir, rename, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline, Readable } from 'node:stream';
import { digestSchema } from '@parapet/contracts/ids';
import { type BlobStore, blobNotFound } from './blobs.ts';
import { removeOlder, spool, toStorageError } from './spool.ts';
import { verifying } from './verify.ts';

async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

async function touch(path: string): Promise<boolean> {
  const now = new Date();
  return utimes(path, now, now).then(
    () => true,
    () => false,
  );
}

const isMissing = (error: unknown) => (error as NodeJS.ErrnoException).code === 'ENOENT';

/** Blobs as files `<root>/<first two digits>/<digest>`; what is being written is in `<root>/incoming`. */
export function createFilesystemStore(root: string): BlobStore {
  const incoming = join(root, 'incoming');
  const pathOf = (digest: string) => join(root, digest.slice(0, 2), digestSchema.parse(digest));

  return {
    write: async (content, options) => {
      const spooled = await spool(incoming, content, options);
      const path = pathOf(spooled.digest);
      const { digest, bytes } = spooled;
      try {
        const there = await stat(path).catch(() => null);
        // Written again = wanted again. If the collector has just moved the file away, touching it fails and
        // the new one takes its place; if it moves it away now, it finds it touched and puts it back.
        const touched = there?.size === bytes && (await touch(path));
        if (touched) {
          await rm(spooled.path, { force: true });
          return { digest, bytes, existed: true };
        }
        await mkdir(join(root, digest.slice(0, 2)), { recursive: true });
        await rename(spooled.path, path);
        await syncDirectory(join(root, digest.slice(0, 2)));
        return { digest, bytes, existed: false };
      } catch (error) {
        await rm(spooled.path, { force: true });
        throw toStorageError(error);
      }
    },
    read: async (digest, { verify = false, range } = {}) => {
      const file = await open(pathOf(digest), 'r').catch((error: unknown) => {
        throw isMissing(error) ? blobNotFound(digest) : error;
      });
      const { size } = await file.stat();
      const start = range?.start ?? 0;
      const end = Math.min(range?.end ?? size, size);
      if (end <= start) {
        await file.close();
        return { bytes: 0, stream: Readable.from([]) };
      }
      const raw = file.createReadStream({ start, end: end - 1, highWaterMark: 256 * 1024 });
      const stream = verify && range === undefined ? pipeline(raw, verifying(digest), () => {}) : raw;
      return { bytes: end - start, stream };
    },
    stat: async (digest) => {
      const there = await stat(pathOf(digest)).catch(() => null);
      return there === null ? null : { digest, bytes: there.size, modifiedAt: there.mtime };
    },
    delete: async (digest, unlessSince) => {
      const path = pathOf(digest);
      const aside = join(incoming, `deleted-${randomUUID()}`);
      try {
        await mkdir(incoming, { recursive: true });
        await rename(path, aside);
      } catch (error) {
        if (isMissing(error)) return false;
        throw error;
      }
      if (unlessSince !== undefined && (await stat(aside)).mtime >= unlessSince) {
        await rename(aside, path);
        return false;
      }
      await rm(aside);
      return true;
    },
    async *list() {
      const shelves = await opendir(root).catch(() => null);
      if (shelves === null) return;
      for await (const shelf of shelves) {
        if (!shelf.isDirectory() || !/^[0-9a-f]{2}$/.test(shelf.name)) continue;
        for await (const entry of await opendir(join(root, shelf.name))) {
          if (!digestSchema.safeParse(entry.name).success) continue;
          const there = await stat(join(root, shelf.name, entry.name)).catch(() => null);
          if (there !== null) yield { digest: entry.name, bytes: there.size, modifiedAt: there.mtime };
        }
      }
    },
    removeStale: (before) => removeOlder(incoming, before),
    check: async () => {
      await mkdir(incoming, { recursive: true });
      await access(root, constants.R_OK | constants.W_OK);
      const probe = join(incoming, `probe-${randomUUID()}`);
      await (await open(probe, 'wx')).close();
      await rm(probe);
    },
  };
}
