import type { Digest } from '@parapet/contracts/ids';
import type { Db } from '@parapet/db/client';
import { blobReferences } from '@parapet/db/schema';
import type { Tx } from '@parapet/db/tenant';
import { and, eq, sql } from 'drizzle-orm';

/** What may own a blob: as long as one owner refers to it, it stays. */
export type BlobOwner = {
  type: 'dataset' | 'adapter_version' | 'checkpoint_state' | 'checkpoint_adapter' | 'job_result' | 'upload';
  id: string;
};

/**
 * Notes that `owner` needs the blob, which must be in the store already. In the transaction that creates the owner.
 */
export async function referToBlob(
  tx: Tx,
  reference: { digest: Digest; bytes: number; owner: BlobOwner; orgId: string },
): Promise<void> {
  const { digest, bytes, owner, orgId } = reference;
  await tx.execute(
    sql`select parapet_refer_to_blob(${digest}, ${bytes}::bigint, ${owner.type}, ${owner.id}, ${orgId})`,
  );
}

/** Takes all of an owner's references back, in the transaction that deletes it; answers the digests. */
export async function dropReferences(tx: Tx, owner: BlobOwner): Promise<Digest[]> {
  const rows = await tx
    .delete(blobReferences)
    .where(and(eq(blobReferences.ownerType, owner.type), eq(blobReferences.ownerId, owner.id)))
    .returning({ digest: blobReferences.digest });
  return rows.map((row) => row.digest);
}

/** Whether something of the organisation refers to the blob: only then may its members read it. */
export async function mayRead(db: Db | Tx, orgId: string, digest: Digest): Promise<boolean> {
  const rows = await db
    .select({ digest: blobReferences.digest })
    .from(blobReferences)
    .where(and(eq(blobReferences.orgId, orgId), eq(blobReferences.digest, digest)))
    .limit(1);
  return rows.length > 0;
}
