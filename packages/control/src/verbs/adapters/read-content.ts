import type { Readable } from 'node:stream';
import { versionIdInputSchema } from '@parapet/contracts/portal/adapters';
import { adapters } from '@parapet/db/schema';
import { eq } from 'drizzle-orm';
import { requireVersion } from '../../adapters/adapter-view.ts';
import { defineVerb } from '../../verb.ts';

/** The adapter file of a version. */
export const readAdapterContent = defineVerb(
  'adapters.content',
  versionIdInputSchema,
  async ({ read, services }, { versionId }): Promise<{ name: string; bytes: number; stream: Readable }> => {
    const { digest, name } = await read(async (tx) => {
      const row = await requireVersion(tx, versionId);
      const [adapter] = await tx.select({ name: adapters.name }).from(adapters).where(eq(adapters.id, row.adapterId));
      return { digest: row.digest, name: `${adapter?.name ?? 'adapter'}-v${row.version}.safetensors` };
    });
    return { name, ...(await services.blobs.read(digest)) };
  },
);
