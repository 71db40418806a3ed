import { createReadStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline, Readable } from 'node:stream';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { ParapetError } from '@parapet/contracts/errors';
import { digestSchema } from '@parapet/contracts/ids';
import { type BlobStore, blobNotFound } from './blobs.ts';
import { removeOlder, spool } from './spool.ts';
import { verifying } from './verify.ts';

export type S3Config = {
  bucket: string;
  /** Put before every key, such as `parapet/`. */
  prefix?: string;
  /** Of a server other than Amazon's. */
  endpoint?: string;
  region?: string;
  accessKeyId: string;
  secretAccessKey: string;
  /** Where an upload is hashed before it is sent; the system's folder for temporary files unless told. */
  spoolDirectory?: string;
};

const isMissing = (error: unknown) => {
  const { name, $metadata } = error as { name?: string; $metadata?: { httpStatusCode?: number } };
  return name === 'NoSuchKey' || name === 'NotFound' || $metadata?.httpStatusCode === 404;
};

function toStoreError(error: unknown): unknown {
  if (error instanceof ParapetError) return error;
  return new ParapetError('engine_unavailable', 'The object store does not answer. Try again in a moment.', {
    cause: error,
    retryAfterMs: 2000,
  });
}

/**
 * Blobs as objects `<prefix>blobs/<digest>` of a bucket. The name of a content is known only at its end, so an
 * upload is spooled to a local file and sent as one PUT: the object appears whole, and a retry sends the same bytes.
 */
export function createS3Store(config: S3Config): BlobStore & { close(): void } {
  const { bucket, prefix = '' } = config;
  const directory = config.spoolDirectory ?? join(tmpdir(), 'parapet-spool');
  const client = new S3Client({
    region: config.region ?? 'us-east-1',
    ...(config.endpoint === undefined ? {} : { endpoint: config.endpoint, forcePathStyle: true }),
    credentials: { accessKeyId: config.accessKeyId, secretAccessKey: config.secretAccessKey },
    // The SDK's newer default wraps bodies in checksum trailers, which other servers store as content.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    maxAttempts: 3,
  });
  const keyOf = (digest: string) => `${prefix}blobs/${digestSchema.parse(digest)}`;

  const stat: BlobStore['stat'] = async (digest) => {
    try {
      const head = await client.send(new HeadObjectCommand({ Bucket: bucket, Key: keyOf(digest) }));
      return { digest, bytes: head.ContentLength ?? 0, modifiedAt: head.LastModified ?? new Date(0) };
    } catch (error) {
      if (isMissing(error)) return null;
      throw toStoreError(error);
    }
  };

  return {
    stat,
    write: async (content, options) => {
      const spooled = await spool(directory, content, options);
      const { digest, bytes } = spooled;
      try {
        const existed = (await stat(digest))?.bytes === bytes;
        // Sent even if it was there: that renews its age, from which the collector's grace counts.
        await client.send(
          new PutObjectCommand({
            Bucket: bucket,
            Key: keyOf(digest),
            Body: createReadStream(spooled.path),
            ContentLength: bytes,
            ContentType: 'application/octet-stream',
          }),
          { abortSignal: options?.signal },
        );
        return { digest, bytes, existed };
      } catch (error) {
        throw toStoreError(error);
      } finally {
        await rm(spooled.path, { force: true });
      }
    },
    read: async (digest, { verify = false, range } = {}) => {
      const there = await stat(digest);
      if (there === null) throw blobNotFound(digest);
      const start = range?.start ?? 0;
      const end = Math.min(range?.end ?? there.bytes, there.bytes);
      if (end <= start) return { bytes: 0, stream: Readable.from([]) };
      try {
        const answer = await client.send(
          new GetObjectCommand({
            Bucket: bucket,
            Key: keyOf(digest),
            ...(range === undefined ? {} : { Range: `bytes=${start}-${end - 1}` }),
          }),
        );
        const raw = answer.Body as Readable;
        const stream = verify && range === undefined ? pipeline(raw, verifying(digest), () => {}) : raw;
        return { bytes: end - start, stream };
      } catch (error) {
        throw isMissing(error) ? blobNotFound(digest) : toStoreError(error);
      }
    },
    // No server deletes on a condition: a PUT between these two calls is lost. The collector's grace is hours.
    delete: async (digest, unlessSince) => {
      const there = await stat(digest);
      if (there === null || (unlessSince !== undefined && there.modifiedAt >= unlessSince)) return false;
      await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: keyOf(digest) }));
      return true;
    },
    async *list() {
      let token: string | undefined;
      do {
        const page = await client.send(
          new ListObjectsV2Command({ Bucket: bucket, Prefix: `${prefix}blobs/`, ContinuationToken: token }),
        );
        for (const { Key = '', Size = 0, LastModified = new Date(0) } of page.Contents ?? []) {
          const digest = Key.slice(Key.lastIndexOf('/') + 1);
          if (digestSchema.safeParse(digest).success) yield { digest, bytes: Size, modifiedAt: LastModified };
        }
        token = page.IsTruncated ? page.NextContinuationToken : undefined;
      } while (token !== undefined);
    },
    removeStale: (before) => removeOlder(directory, before),
    check: async () => {
      try {
        await client.send(new HeadBucketCommand({ Bucket: bucket }));
      } catch (error) {
        throw toStoreError(error);
      }
    },
    close: () => client.destroy(),
  };
}
