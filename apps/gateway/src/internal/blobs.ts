import type { Readable } from 'node:stream';
import type { BlobStore } from '@parapet/adapter-store/blobs';
import { digestSchema } from '@parapet/contracts/ids';
import type { FastifyInstance } from 'fastify';
import { parseInput } from '../http/endpoint.ts';

/** A trainer's whole state is the largest thing a worker uploads. */
const maxBlobBytes = 4 * 1024 * 1024 * 1024;

/** Bytes by their digest, in and out, streamed. */
export function addBlobRoutes(app: FastifyInstance, blobs: BlobStore): void {
  app.addContentTypeParser('application/octet-stream', (_request, payload, done) => done(null, payload));

  app.get<{ Params: { digest: string } }>('/internal/blobs/:digest', async (request, reply) => {
    const { bytes, stream } = await blobs.read(parseInput(digestSchema, request.params.digest));
    return reply
      .type('application/octet-stream')
      .header('content-length', bytes)
      .header('etag', `"${request.params.digest}"`)
      .send(stream);
  });

  app.put<{ Params: { digest: string } }>('/internal/blobs/:digest', async (request, reply) => {
    const expected = parseInput(digestSchema, request.params.digest);
    const { digest, bytes, existed } = await blobs.write(request.body as Readable, {
      expected,
      maxBytes: maxBlobBytes,
    });
    return reply.code(existed ? 200 : 201).send({ digest, bytes });
  });
}
