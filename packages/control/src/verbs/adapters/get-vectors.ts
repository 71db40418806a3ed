import { ParapetError } from '@parapet/contracts/errors';
import { adapterVectorsInputSchema, type VectorsView } from '@parapet/contracts/portal/adapters';
import { adapters } from '@parapet/db/schema';
import { eq } from 'drizzle-orm';
import { requireVersion } from '../../adapters/adapter-view.ts';
import { defineVerb } from '../../verb.ts';

/**
 * How far a prompt's vectors are from 1, layer by layer: what this prompt changes in the base model. It runs the prompt
 * on the engine, within the tenant's limits and on its account.
 */
export const getVectors = defineVerb(
  'adapters.vectors',
  adapterVectorsInputSchema,
  async ({ read, services, principal, tenancy }, { versionId, prompt }): Promise<VectorsView> => {
    const version = await read(async (tx) => {
      const row = await requireVersion(tx, versionId);
      const [adapter] = await tx.select().from(adapters).where(eq(adapters.id, row.adapterId));
      return { ...row, baseModel: adapter?.baseModel ?? '' };
    });
    if (version.config.method !== 'para') {
      throw new ParapetError('unprocessable', 'Only PARA adapters make vectors from the prompt.', {
        param: 'versionId',
      });
    }
    if (services.promptVectors === undefined) {
      throw new ParapetError('engine_unavailable', 'No engine is connected to this process.');
    }
    const { linears, values } = await services.promptVectors({
      tenantId: tenancy.id,
      keyId: principal.kind === 'api_key' ? principal.keyId : null,
      baseModel: version.baseModel,
      baseDigest: version.baseDigest,
      adapter: { name: version.model, digest: version.digest },
      prompt,
    });
    return { linears, values, largest: Math.max(0, ...values.flat()) };
  },
);
