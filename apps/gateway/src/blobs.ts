import type { BlobStore } from '@parapet/adapter-store/blobs';
import { createFilesystemStore } from '@parapet/adapter-store/filesystem';
import { createS3Store, type S3Config } from '@parapet/adapter-store/s3';

export type BlobConfig = { kind: 'files'; directory: string } | ({ kind: 's3' } & S3Config);

/** The store of this configuration, checked: it answers and can be written. */
export async function openBlobs(config: BlobConfig): Promise<BlobStore & { close(): void }> {
  const store =
    config.kind === 'files' ? { ...createFilesystemStore(config.directory), close: () => {} } : createS3Store(config);
  await store.check();
  return store;
}
