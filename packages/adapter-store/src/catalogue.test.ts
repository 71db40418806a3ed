import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TenantId } from '@parapet/contracts/ids';
import type { DatabaseHandle } from '@parapet/db/client';
import { type AdapterLineage, adapters, adapterVersions, blobReferences, blobs } from '@parapet/db/schema';
import { withTenant } from '@parapet/db/tenant';
import { createTestTenant, testDatabase } from '@parapet/db/testing';
import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { BlobStore } from './blobs.ts';
import { deleteVersion, moveAlias, registerVersion, removeAlias, resolveModel } from './catalogue.ts';
import { collectGarbage, eraseBlob } from './collect.ts';
import { createFilesystemStore } from './filesystem.ts';
import { mayRead, referToBlob } from './references.ts';

let handle: DatabaseHandle;
let root: string;
let store: BlobStore;
let tenant: TenantId;
let other: TenantId;

beforeAll(async () => {
  handle = await testDatabase();
  root = await mkdtemp(join(tmpdir(), 'parapet-catalogue-'));
  store = createFilesystemStore(root);
});
afterAll(async () => {
  await handle.close();
  await rm(root, { recursive: true });
});
beforeEach(async () => {
  tenant = await createTestTenant(handle.db);
  other = await createTestTenant(handle.db);
});

const lineage: AdapterLineage = {
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
};

async function register(orgId: TenantId, adapterId: string | null = null, baseDigest = 'a'.repeat(64)) {
  const { digest, bytes } = await store.write(randomBytes(100));
  const version = await withTenant(handle.db, orgId, (tx) =>
    registerVersion(tx, {
      orgId,
      adapterId,
      name: 'Spam filter',
      suffix: 'spam',
      baseModel: 'smollm2-135m-instruct',
      baseDigest,
      origin: 'job',
      digest,
      bytes,
      parameters: 25,
      config: { method: 'ia3' },
      lineage,
      createdBy: null,
    }),
  );
  return { ...version, digest };
}

describe('adapter versions', () => {
  it('are numbered, named and callable as soon as they are registered', async () => {
    const first = await register(tenant);
    expect(first.model).toMatch(/^ft:smollm2-135m-instruct:[0-9a-z]+:spam:[0-9a-z]{10}$/);
    const second = await register(tenant, first.adapterId);
    expect([first.version, second.version]).toEqual([1, 2]);
    expect(await resolveModel(handle.db, tenant, second.model)).toMatchObject({ digest: second.digest, version: 2 });
  });

  it('get two numbers when registered at the same time', async () => {
    const { adapterId } = await register(tenant);
    const versions = await Promise.all([1, 2, 3].map(() => register(tenant, adapterId)));
    expect(versions.map((version) => version.version).sort()).toEqual([2, 3, 4]);
  });

  it('are refused for another base, and are not another tenant’s', async () => {
    const { adapterId, model, digest } = await register(tenant);
    await expect(register(tenant, adapterId, 'b'.repeat(64))).rejects.toMatchObject({ code: 'base_model_mismatch' });
    await expect(register(other, adapterId)).rejects.toMatchObject({ code: 'not_found' });
    expect(await resolveModel(handle.db, other, model)).toBeNull();
    expect(await mayRead(handle.db, tenant, digest)).toBe(true);
    expect(await mayRead(handle.db, other, digest)).toBe(false);
  });

  it('answer to an alias, which remembers where it pointed before', async () => {
    const first = await register(tenant);
    const second = await register(tenant, first.adapterId);
    const move = (versionId: string, orgId = tenant) =>
      withTenant(handle.db, orgId, (tx) =>
        moveAlias(tx, { orgId, adapterId: first.adapterId, alias: 'prod', versionId, movedBy: null }),
      );
    const { model } = await move(first.versionId);
    expect(await resolveModel(handle.db, tenant, model)).toMatchObject({ digest: first.digest });
    expect(await move(second.versionId)).toEqual({ model, previousVersionId: first.versionId });
    expect(await resolveModel(handle.db, tenant, model)).toMatchObject({ digest: second.digest });
    expect(await resolveModel(handle.db, other, model)).toBeNull();
    await expect(move(first.versionId, other)).rejects.toMatchObject({ code: 'not_found' });
    const twin = await register(tenant);
    const clash = withTenant(handle.db, tenant, (tx) =>
      moveAlias(tx, {
        orgId: tenant,
        adapterId: twin.adapterId,
        alias: 'prod',
        versionId: twin.versionId,
        movedBy: null,
      }),
    );
    await expect(clash).rejects.toMatchObject({ code: 'conflict' });
    const input = { orgId: tenant, adapterId: first.adapterId, alias: 'prod' };
    expect(await withTenant(handle.db, tenant, (tx) => removeAlias(tx, input))).toBe(true);
    expect(await resolveModel(handle.db, tenant, model)).toBeNull();
  });

  it('go with their bytes, and the adapter with the last of them', async () => {
    const { versionId, adapterId, digest } = await register(tenant);
    const remove = (orgId: TenantId) => withTenant(handle.db, orgId, (tx) => deleteVersion(tx, { orgId, versionId }));
    expect(await remove(other)).toEqual([]);
    expect(await remove(tenant)).toEqual([digest]);
    expect(await handle.db.select().from(adapters).where(eq(adapters.id, adapterId))).toEqual([]);
    expect(await eraseBlob({ handle, store }, digest)).toBe(false); // younger than a minute: may be written again just now
    expect(await eraseBlob({ handle, store }, digest, -1000)).toBe(true);
    expect(await store.stat(digest)).toBeNull();
  });
});

describe('the collector', () => {
  const hour = 3_600_000;

  it('keeps what is referred to, what is young, and removes the rest after the grace', async () => {
    await collectGarbage({ handle, store }, { graceMs: 0, now: Date.now() + hour }); // what earlier tests left
    const kept = await register(tenant);
    const dropped = await register(tenant);
    await withTenant(handle.db, tenant, (tx) => deleteVersion(tx, { orgId: tenant, versionId: dropped.versionId }));
    const orphan = await store.write(randomBytes(30));
    expect(await collectGarbage({ handle, store }, { graceMs: hour })).toEqual({ removed: 0, bytes: 0, orphans: 0 });
    const later = { graceMs: hour, now: Date.now() + 2 * hour };
    expect(await collectGarbage({ handle, store }, later)).toEqual({ removed: 1, bytes: 130, orphans: 1 });
    expect(await store.stat(kept.digest)).not.toBeNull();
    expect(await store.stat(dropped.digest)).toBeNull();
    expect(await store.stat(orphan.digest)).toBeNull();
  });

  it('keeps a blob until its last owner is gone', async () => {
    const first = await register(tenant);
    const owner = { type: 'dataset', id: 'file-x' } as const;
    await withTenant(handle.db, other, (tx) =>
      referToBlob(tx, { digest: first.digest, bytes: 100, owner, orgId: other }),
    );
    await withTenant(handle.db, tenant, (tx) => deleteVersion(tx, { orgId: tenant, versionId: first.versionId }));
    expect(await eraseBlob({ handle, store }, first.digest, -1000)).toBe(false);
    await handle.db.delete(blobReferences).where(eq(blobReferences.ownerId, 'file-x'));
    expect(await eraseBlob({ handle, store }, first.digest, -1000)).toBe(true);
    expect(await handle.db.select().from(blobs).where(eq(blobs.digest, first.digest))).toEqual([]);
  });

  it('lets no tenant refer in another’s name', async () => {
    const { digest } = await register(tenant);
    const owner = { type: 'dataset', id: 'file-y' } as const;
    const forged = withTenant(handle.db, other, (tx) => referToBlob(tx, { digest, bytes: 1, owner, orgId: tenant }));
    await expect(forged).rejects.toThrow();
    expect(await handle.db.select().from(adapterVersions).where(eq(adapterVersions.digest, digest))).toHaveLength(1);
  });
});
