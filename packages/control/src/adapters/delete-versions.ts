import { deleteVersion } from '@parapet/adapter-store/catalogue';
import { eraseBlob } from '@parapet/adapter-store/collect';
import { ParapetError } from '@parapet/contracts/errors';
import { fineTuningJobs } from '@parapet/db/schema';
import type { TenantTx } from '@parapet/db/tenant';
import { and, eq, inArray, sql } from 'drizzle-orm';
import type { ControlServices } from '../context.ts';

/** Deletes versions with their aliases; answers the digests to erase after the commit. */
export async function deleteVersions(tx: TenantTx, versions: { id: string; digest: string }[]): Promise<string[]> {
  const digests = versions.map(({ digest }) => digest);
  const [waiting] = await tx
    .select({ id: fineTuningJobs.id })
    .from(fineTuningJobs)
    .where(
      and(
        eq(fineTuningJobs.orgId, tx.tenantId),
        inArray(fineTuningJobs.status, ['validating_files', 'queued', 'running', 'paused']),
        inArray(sql`${fineTuningJobs.recipe}->>'warmStartDigest'`, digests),
      ),
    )
    .limit(1);
  if (waiting) throw new ParapetError('conflict', `The job ${waiting.id} goes on from this version: cancel it first.`);
  const freed: string[] = [];
  for (const { id } of versions) freed.push(...(await deleteVersion(tx, { orgId: tx.tenantId, versionId: id })));
  return freed;
}

/** Erases what a deletion freed, unless something else still refers to it. */
export async function eraseBlobs({ database, blobs }: ControlServices, digests: readonly string[]): Promise<void> {
  for (const digest of digests) await eraseBlob({ handle: database, store: blobs }, digest);
}
