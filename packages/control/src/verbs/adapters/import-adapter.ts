import { readBytes } from '@parapet/adapter-store/blobs';
import { registerVersion } from '@parapet/adapter-store/catalogue';
import { ParapetError } from '@parapet/contracts/errors';
import type { AdapterDetail } from '@parapet/contracts/portal/adapters';
import { baseModels } from '@parapet/db/schema';
import { requireQuota } from '@parapet/metering/quota';
import { eq } from 'drizzle-orm';
import { z } from 'zod';
import { makerOf } from '../../access/principal.ts';
import { requireAdapter } from '../../adapters/adapter-view.ts';
import { readManifest } from '../../adapters/read-manifest.ts';
import { slugOf } from '../../organisations/create-organisation.ts';
import { defineVerb } from '../../verb.ts';

/** Far above any adapter of a model that this platform serves. */
const maxAdapterBytes = 512 * 1024 * 1024;

export const importAdapterInputSchema = z.strictObject({
  name: z.string().trim().min(1).max(80),
  /** Adds a version to this adapter instead of making one. */
  adapterId: z.string().max(64).nullable().default(null),
  /** The file's bytes as they arrive; read once. */
  content: z.custom<AsyncIterable<Uint8Array>>((value) => typeof value === 'object' && value !== null),
});

/**
 * Takes an adapter file that was trained elsewhere, if its manifest names a base model that is served here.
 * @throws ParapetError `invalid_adapter`, `base_model_mismatch`, `payload_too_large`, `insufficient_quota`.
 */
export const importAdapter = defineVerb(
  'adapters.import',
  importAdapterInputSchema,
  async ({ write, services, principal, tenancy }, input): Promise<AdapterDetail> => {
    const { blobs } = services;
    const { digest } = await blobs.write(input.content, { maxBytes: maxAdapterBytes });
    const { manifest, bytes } = await readManifest(blobs, digest);
    await services.checkAdapter?.(await readBytes(blobs, digest, maxAdapterBytes));
    return write(async (tx) => {
      const [base] = await tx.select().from(baseModels).where(eq(baseModels.digest, manifest.baseDigest));
      if (!base || base.state === 'retired') {
        const message = `The adapter is bound to ${manifest.baseModel} (${manifest.baseDigest.slice(0, 12)}…), which is not served here.`;
        throw new ParapetError('base_model_mismatch', message, { param: 'file' });
      }
      if (input.adapterId === null) await requireQuota(tx, tenancy.id, 'adapters', 1);
      await requireQuota(tx, tenancy.id, 'adapterBytes', bytes);
      const made = await registerVersion(tx, {
        orgId: tenancy.id,
        adapterId: input.adapterId,
        name: input.name,
        suffix: slugOf(input.name),
        baseModel: base.name,
        baseDigest: manifest.baseDigest,
        origin: 'import',
        digest,
        bytes,
        parameters: manifest.parameters,
        config: manifest.config,
        lineage: {
          jobId: null,
          trainingDigest: null,
          validationDigest: null,
          recipe: null,
          parentVersionId: null,
          steps: null,
          trainedTokens: null,
          bestStep: null,
          stoppedEarly: null,
          finalMetrics: null,
        },
        createdBy: makerOf(principal),
      });
      const audit = { target: { kind: 'adapter_version', id: made.versionId }, after: { name: input.name, digest } };
      return { view: await requireAdapter(tx, made.adapterId), audit };
    });
  },
);
