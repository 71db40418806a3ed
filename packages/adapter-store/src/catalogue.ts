import type { AdapterConfig } from '@parapet/contracts/adapter';
import { ParapetError } from '@parapet/contracts/errors';
import { type Digest, newId } from '@parapet/contracts/ids';
import type { Db } from '@parapet/db/client';
import {
  type AdapterLineage,
  adapterAliases,
  adapters,
  adapterVersions,
  checkpoints,
  fineTuningJobs,
  organisations,
} from '@parapet/db/schema';
import type { Tx } from '@parapet/db/tenant';
import { and, eq, max, or, sql } from 'drizzle-orm';
import { dropReferences, referToBlob } from './references.ts';

/** `ft:{base}:{org slug}:{suffix}:{last}`; an empty suffix leaves its place empty, as OpenAI does. */
export function modelName(base: string, slug: string, suffix: string, last: string): string {
  return `ft:${base}:${slug}:${suffix}:${last}`;
}

/** The part of a version's id that ends its model name: random, so that names can't be guessed in a row. */
export const shortId = (id: string) => id.slice(-10);

export type RegisterVersionInput = {
  orgId: string;
  /** null = a new adapter. */
  adapterId: string | null;
  name: string;
  suffix: string;
  baseModel: string;
  baseDigest: Digest;
  origin: 'job' | 'import' | 'checkpoint';
  digest: Digest;
  bytes: number;
  parameters: number;
  config: AdapterConfig;
  lineage: AdapterLineage;
  createdBy: string | null;
};

export type RegisteredVersion = { adapterId: string; versionId: string; version: number; model: string };

/**
 * Registers a stored adapter file as a version: of a new adapter, or the next one of `adapterId`. Callable by its
 * model name as soon as the transaction commits. Throws `not_found`, `base_model_mismatch`.
 */
export async function registerVersion(tx: Tx, input: RegisterVersionInput): Promise<RegisteredVersion> {
  const [org] = await tx
    .select({ slug: organisations.slug })
    .from(organisations)
    .where(eq(organisations.id, input.orgId));
  if (!org) throw new ParapetError('not_found', 'There is no such organisation.');
  const adapter = await adapterFor(tx, input);
  const [last] = await tx
    .select({ version: max(adapterVersions.version) })
    .from(adapterVersions)
    .where(eq(adapterVersions.adapterId, adapter.id));
  const version = (last?.version ?? 0) + 1;
  const versionId = newId('adapterVersion');
  const model = modelName(adapter.baseModel, org.slug, adapter.suffix, shortId(versionId));
  await tx.insert(adapterVersions).values({
    id: versionId,
    adapterId: adapter.id,
    orgId: input.orgId,
    version,
    model,
    origin: input.origin,
    digest: input.digest,
    bytes: input.bytes,
    parameters: input.parameters,
    config: input.config,
    baseDigest: input.baseDigest,
    lineage: input.lineage,
    createdBy: input.createdBy,
  });
  const owner = { type: 'adapter_version', id: versionId } as const;
  await referToBlob(tx, { digest: input.digest, bytes: input.bytes, owner, orgId: input.orgId });
  return { adapterId: adapter.id, versionId, version, model };
}

async function adapterFor(tx: Tx, input: RegisterVersionInput) {
  if (input.adapterId === null) {
    const adapter = {
      id: newId('adapter'),
      orgId: input.orgId,
      name: input.name,
      suffix: input.suffix,
      baseModel: input.baseModel,
      baseDigest: input.baseDigest,
      createdBy: input.createdBy,
    };
    await tx.insert(adapters).values(adapter);
    return adapter;
  }
  // Locked, so that two versions registered at once get two numbers.
  const [adapter] = await tx
    .select()
    .from(adapters)
    .where(and(eq(adapters.id, input.adapterId), eq(adapters.orgId, input.orgId)))
    .for('update');
  if (!adapter) throw new ParapetError('not_found', `There is no adapter ${input.adapterId}.`);
  if (adapter.baseDigest !== input.baseDigest) {
    const message = `The adapter is bound to base ${adapter.baseDigest}; this version was trained on ${input.baseDigest}.`;
    throw new ParapetError('base_model_mismatch', message);
  }
  return adapter;
}

export type ResolvedModel = {
  model: string;
  baseModel: string;
  baseDigest: Digest;
  digest: Digest;
  /** null for a checkpoint. */
  adapterId: string | null;
  versionId: string | null;
  version: number | null;
};

/** What a callable name of the organisation's answers with: a version, an alias's version, or a job's checkpoint. */
export async function resolveModel(db: Db | Tx, orgId: string, model: string): Promise<ResolvedModel | null> {
  const [version] = await db
    .select({
      baseModel: adapters.baseModel,
      baseDigest: adapterVersions.baseDigest,
      digest: adapterVersions.digest,
      adapterId: adapters.id,
      versionId: adapterVersions.id,
      version: adapterVersions.version,
    })
    .from(adapterVersions)
    .innerJoin(adapters, eq(adapters.id, adapterVersions.adapterId))
    .where(
      and(
        eq(adapterVersions.orgId, orgId),
        or(
          eq(adapterVersions.model, model),
          eq(
            adapterVersions.id,
            sql`(select ${adapterAliases.versionId} from ${adapterAliases} where ${adapterAliases.model} = ${model})`,
          ),
        ),
      ),
    )
    .limit(1);
  if (version) return { model, ...version };
  const [checkpoint] = await db
    .select({
      baseModel: fineTuningJobs.model,
      baseDigest: fineTuningJobs.baseDigest,
      digest: checkpoints.adapterDigest,
    })
    .from(checkpoints)
    .innerJoin(fineTuningJobs, eq(fineTuningJobs.id, checkpoints.jobId))
    .where(and(eq(checkpoints.orgId, orgId), eq(checkpoints.modelName, model)))
    .limit(1);
  if (!checkpoint?.digest) return null;
  return { model, ...checkpoint, digest: checkpoint.digest, adapterId: null, versionId: null, version: null };
}

/** Points an alias at a version of its adapter, making it where it is new. Throws `not_found`, `conflict`. */
export async function moveAlias(
  tx: Tx,
  input: { orgId: string; adapterId: string; alias: string; versionId: string; movedBy: string | null },
): Promise<{ model: string; previousVersionId: string | null }> {
  const { orgId, adapterId, alias, versionId, movedBy } = input;
  const [found] = await tx
    .select({ baseModel: adapters.baseModel, suffix: adapters.suffix, slug: organisations.slug })
    .from(adapterVersions)
    .innerJoin(adapters, eq(adapters.id, adapterVersions.adapterId))
    .innerJoin(organisations, eq(organisations.id, adapters.orgId))
    .where(
      and(
        eq(adapterVersions.id, versionId),
        eq(adapterVersions.adapterId, adapterId),
        eq(adapterVersions.orgId, orgId),
      ),
    );
  if (!found) throw new ParapetError('not_found', `The adapter ${adapterId} has no version ${versionId}.`);
  const model = modelName(found.baseModel, found.slug, found.suffix, alias);
  const [taken] = await tx
    .select({ adapterId: adapterAliases.adapterId })
    .from(adapterAliases)
    .where(eq(adapterAliases.model, model));
  if (taken && taken.adapterId !== adapterId) {
    throw new ParapetError('conflict', `Another adapter is called ${model}. Choose another alias.`, { param: 'alias' });
  }
  const movedAt = new Date();
  const [row] = await tx
    .insert(adapterAliases)
    .values({ adapterId, alias, orgId, model, versionId, movedBy, movedAt })
    .onConflictDoUpdate({
      target: [adapterAliases.adapterId, adapterAliases.alias],
      set: { versionId, previousVersionId: sql`${adapterAliases.versionId}`, movedBy, movedAt },
    })
    .returning({ previousVersionId: adapterAliases.previousVersionId });
  return { model, previousVersionId: row?.previousVersionId ?? null };
}

export async function removeAlias(
  tx: Tx,
  { orgId, adapterId, alias }: { orgId: string; adapterId: string; alias: string },
): Promise<boolean> {
  const rows = await tx
    .delete(adapterAliases)
    .where(
      and(eq(adapterAliases.orgId, orgId), eq(adapterAliases.adapterId, adapterId), eq(adapterAliases.alias, alias)),
    )
    .returning({ alias: adapterAliases.alias });
  return rows.length > 0;
}

/**
 * Deletes a version with the aliases that point to it, and its adapter with the last one. Answers the digests to
 * hand to `eraseBlob` after the commit; empty = there was no such version.
 */
export async function deleteVersion(
  tx: Tx,
  { orgId, versionId }: { orgId: string; versionId: string },
): Promise<Digest[]> {
  const [gone] = await tx
    .delete(adapterVersions)
    .where(and(eq(adapterVersions.id, versionId), eq(adapterVersions.orgId, orgId)))
    .returning({ adapterId: adapterVersions.adapterId });
  if (!gone) return [];
  const digests = await dropReferences(tx, { type: 'adapter_version', id: versionId });
  const rest = await tx
    .select({ id: adapterVersions.id })
    .from(adapterVersions)
    .where(eq(adapterVersions.adapterId, gone.adapterId))
    .limit(1);
  if (rest.length === 0) await tx.delete(adapters).where(eq(adapters.id, gone.adapterId));
  return digests;
}
