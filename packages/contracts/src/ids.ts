import { z } from 'zod';

/** Every entity's id prefix. OpenAI's own prefixes are kept where the entity is one of theirs. */
export const idPrefixes = {
  organisation: 'org_',
  user: 'user_',
  session: 'ses_',
  member: 'mem_',
  invitation: 'inv_',
  apiKey: 'key_',
  dataset: 'file-',
  fineTuningJob: 'ftjob-',
  jobEvent: 'ftevent-',
  checkpoint: 'ftckpt_',
  adapter: 'ad_',
  adapterVersion: 'adv_',
  baseModel: 'base_',
  modelTask: 'task_',
  worker: 'wrk_',
  hold: 'hold_',
  usageEvent: 'use_',
  ledgerEntry: 'led_',
  auditEntry: 'aud_',
  webhook: 'wh_',
  webhookDelivery: 'whd_',
  plan: 'plan_',
  statement: 'stm_',
  serviceAccount: 'sa_',
  price: 'price_',
  request: 'req_',
  completion: 'cmpl-',
  chatCompletion: 'chatcmpl-',
} as const;

export type IdKind = keyof typeof idPrefixes;

const alphabet = '0123456789abcdefghjkmnpqrstvwxyz'; // Crockford base 32, so ids sort by time and read aloud

// Drawn a pool at a time: one call of the generator for hundreds of ids instead of one each.
const pool = new Uint8Array(4096);
let drawn = pool.length;

function randomByte(): number {
  if (drawn === pool.length) {
    globalThis.crypto.getRandomValues(pool);
    drawn = 0;
  }
  return pool[drawn++]!;
}

/** A new id: prefix + 10 characters of millisecond time + 14 random (70 bits). Sorts by creation time. */
export function newId<K extends IdKind>(kind: K, nowMs: number = Date.now()): string {
  let time = '';
  for (let value = nowMs, i = 0; i < 10; i++) {
    time = alphabet[value % 32] + time;
    value = Math.floor(value / 32);
  }
  let random = '';
  for (let i = 0; i < 14; i++) random += alphabet[randomByte() & 31];
  return idPrefixes[kind] + time + random;
}

/** Schema of an id of one kind; refuses another kind's prefix. */
export function idSchema(kind: IdKind) {
  return z
    .string()
    .max(64)
    .startsWith(idPrefixes[kind], `must be the id of a ${kind} (it starts with "${idPrefixes[kind]}")`);
}

/** A tenant's id is a type of its own, so that a query can't take any other string for it. */
export type TenantId = string & { readonly __brand: 'TenantId' };

/** The one cast to TenantId. The caller guarantees that `id` comes from an authenticated principal or the database. */
export const asTenantId = (id: string): TenantId => id as TenantId;

/** SHA-256 in lower-case hex: the name of every blob, adapter file and base model. */
export const digestSchema = z.string().regex(/^[0-9a-f]{64}$/, 'must be a SHA-256 digest in lower-case hex');
export type Digest = z.infer<typeof digestSchema>;
