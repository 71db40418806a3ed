/** What the ledger’s tests begin with. */
import { newId, type TenantId } from '@parapet/contracts/ids';
import type { QuotaLimits } from '@parapet/contracts/quota';
import type { DatabaseHandle } from '@parapet/db/client';
import { apiKeys, modelPrices } from '@parapet/db/schema';
import { createTestTenant } from '@parapet/db/testing';
import type { AdmitInput } from './admission.ts';

export const model = 'smollm2-135m-instruct';

export async function createTestKey(
  handle: DatabaseHandle,
  orgId: TenantId,
  limits: Partial<typeof apiKeys.$inferInsert> = {},
): Promise<string> {
  const id = newId('apiKey');
  await handle.db.insert(apiKeys).values({ id, orgId, name: 'test', hash: id, hint: 'pk_live_test', ...limits });
  return id;
}

/** 1 micro-unit a prompt token, 2 a completion token, 5 a second of device time. */
export async function createTestPrice(handle: DatabaseHandle): Promise<void> {
  await handle.db.insert(modelPrices).values({
    id: newId('price'),
    model,
    promptMicrosPerMillion: 1_000_000,
    completionMicrosPerMillion: 2_000_000,
    inferenceMicrosPerGpuSecond: 5,
    trainingMicrosPerGpuSecond: 7,
    effectiveFrom: new Date(0),
  });
}

export async function createMeteredTenant(handle: DatabaseHandle, limits: Partial<QuotaLimits> = {}) {
  const tenantId = await createTestTenant(handle.db, limits);
  return { tenantId, keyId: await createTestKey(handle, tenantId) };
}

export function admission(
  who: { tenantId: TenantId; keyId: string | null },
  estimate: Partial<AdmitInput['estimate']> = {},
): AdmitInput {
  return {
    ...who,
    requestId: newId('request'),
    model,
    adapter: null,
    estimate: { promptTokens: 10, completionTokens: 20, gpuMicros: 1_000_000, ...estimate },
  };
}

export const usage = { promptTokens: 8, cachedTokens: 0, completionTokens: 5, gpuMicros: 400_000, queueMicros: 1000 };
