import { eraseBlob } from '@parapet/adapter-store/collect';
import { referToBlob } from '@parapet/adapter-store/references';
import { ParapetError } from '@parapet/contracts/errors';
import { newId } from '@parapet/contracts/ids';
import { maxFileBytes } from '@parapet/contracts/openai-files';
import { datasets } from '@parapet/db/schema';
import type { TenantTx } from '@parapet/db/tenant';
import { effectiveLimits, quotaUse, requireQuota } from '@parapet/metering/quota';
import type { ControlServices } from '../context.ts';
import { countTokens, type TokenCount } from './count-tokens.ts';
import type { DatasetRow } from './dataset-view.ts';
import type { InspectionRules } from './inspect.ts';
import { refusalOf } from './refusal.ts';
import { type StoredRows, storeRows } from './store-rows.ts';

/** How long an upload waits for its tokens to be counted; past it they are counted after the answer. */
const countWaitMs = 15_000;

export interface ReadyDataset {
  stored: StoredRows;
  /** null = still being counted, or no tokenizer here. */
  count: TokenCount | null;
  /** The count in progress, when `count` is null. */
  counting: Promise<TokenCount> | null;
}

/** Stores, checks and (if it takes no longer than a moment) counts a file. Nothing refers to it yet. */
export async function takeRows(
  services: ControlServices,
  chunks: AsyncIterable<Uint8Array>,
  options: InspectionRules & { maxBytes: number },
): Promise<ReadyDataset> {
  const stored = await storeRows(services.blobs, chunks, options);
  if (services.tokenizer === null) return { stored, count: null, counting: null };
  const counting = countTokens(services.blobs, services.tokenizer, stored.digest);
  counting.catch(() => {});
  const count = await Promise.race([counting.catch(() => null), wait(countWaitMs)]);
  if (count === null) return { stored, count: null, counting };
  if (count.problems.errors > 0) {
    await eraseBlob({ handle: services.database, store: services.blobs }, stored.digest, 0).catch(() => false);
    throw refusalOf(count.problems);
  }
  return { stored, count, counting: null };
}

const wait = (ms: number) => new Promise<null>((resolve) => setTimeout(() => resolve(null), ms).unref());

/** Bytes that an upload may have: the format's limit, or what is left of the tenant's quota. */
export async function uploadLimit(tx: TenantTx, now: Date): Promise<{ maxBytes: number; byQuota: boolean }> {
  const limit = (await effectiveLimits(tx, tx.tenantId)).limits.datasetBytes ?? null;
  if (limit === null) return { maxBytes: maxFileBytes, byQuota: false };
  const left = Math.max(0, limit - (await quotaUse(tx, tx.tenantId, now)).datasetBytes);
  return left < maxFileBytes ? { maxBytes: left, byQuota: true } : { maxBytes: maxFileBytes, byQuota: false };
}

/** A file that was cut off at what the quota had left is over quota, not over the format's size. */
export function asQuotaRefusal(error: unknown, byQuota: boolean): unknown {
  if (!byQuota || !(error instanceof ParapetError) || error.code !== 'payload_too_large') return error;
  return new ParapetError(
    'insufficient_quota',
    'The file does not fit what is left of the organisation’s storage for data sets. Delete some, or ask for a larger plan.',
  );
}

/** Makes the data set's row, within quota, in the caller's transaction. */
export async function insertDataset(
  tx: TenantTx,
  ready: ReadyDataset,
  about: {
    name: string;
    format: DatasetRow['format'];
    createdBy: string | null;
    now: Date;
    parentId?: string;
    split?: DatasetRow['split'];
    /** Of the original, where it came in another form. */
    original?: { digest: string; bytes: number };
  },
): Promise<DatasetRow> {
  const { stored, count } = ready;
  const bytes = stored.bytes + (about.original?.bytes ?? 0);
  await requireQuota(tx, tx.tenantId, 'datasetBytes', bytes);
  const id = newId('dataset', about.now.getTime());
  const { inspection } = stored;
  const [row] = await tx
    .insert(datasets)
    .values({
      id,
      orgId: tx.tenantId,
      name: about.name,
      format: about.format,
      status: count === null && ready.counting !== null ? 'counting' : 'ready',
      digest: about.original?.digest ?? stored.digest,
      bytes,
      rowsDigest: stored.digest,
      rows: inspection.rows,
      chatRows: inspection.chatRows,
      duplicates: inspection.duplicates,
      problemCount: inspection.problems.total,
      problems: inspection.problems.kept,
      tokens: count?.tokens ?? null,
      parentId: about.parentId ?? null,
      split: about.split ?? null,
      createdBy: about.createdBy,
      createdAt: about.now,
      updatedAt: about.now,
    })
    .returning();
  if (!row) throw new Error('insert returned no row');
  const owner = { type: 'dataset', id } as const;
  await referToBlob(tx, { digest: stored.digest, bytes: stored.bytes, owner, orgId: tx.tenantId });
  if (about.original && about.original.digest !== stored.digest) {
    await referToBlob(tx, { ...about.original, owner, orgId: tx.tenantId });
  }
  return row;
}
