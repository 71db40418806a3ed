import { createHash } from 'node:crypto';
import { ParapetError } from '@parapet/contracts/errors';
import type { DatabaseHandle } from '@parapet/db/client';
import { idempotencyKeys } from '@parapet/db/schema';
import { asPlatform, withTenant } from '@parapet/db/tenant';
import { and, eq, isNull, lt } from 'drizzle-orm';
import type { Call, Endpoint } from './endpoint.ts';

/** How long an answer is kept for a repeat. */
const keepMs = 24 * 60 * 60 * 1000;
/** A first request that is not done by then is taken for dead, and a repeat runs. */
const lockMs = 10 * 60 * 1000;
/** A larger answer is not kept; its repeat is refused rather than run twice. */
const maxAnswerBytes = 256 * 1024;
const maxKeyLength = 255;

/**
 * Runs a mutating call at most once for each `Idempotency-Key` of a tenant: a repeat gets the first one's answer, or
 * 409 while it runs, when its body differs, or when the answer was a stream, which is not kept. A call that failed
 * frees its key.
 */
export async function withIdempotency(
  endpoint: Endpoint,
  call: Call<unknown, unknown>,
  run: () => Promise<object | undefined>,
): Promise<object | undefined> {
  const given = call.request.headers['idempotency-key'];
  const { principal } = call.context;
  const tenancy = principal.kind === 'system' ? null : principal.tenancy;
  if (endpoint.method === 'GET' || given === undefined || tenancy === null) return run();
  if (typeof given !== 'string' || given.length === 0 || given.length > maxKeyLength) {
    throw new ParapetError('invalid_request', `Idempotency-Key must be 1 to ${maxKeyLength} characters.`);
  }
  // What it says is the caller's own business: its digest tells it from others as well.
  const key = createHash('sha256').update(given).digest('base64url');
  const { db } = call.services.control.database;
  const path = call.request.url;
  const requestDigest = digestOf(call);
  const now = Date.now();
  const row = { key, method: endpoint.method, path, requestDigest };
  const lock = { lockedUntil: new Date(now + lockMs), expiresAt: new Date(now + keepMs) };

  const found = await withTenant(db, tenancy.id, async (tx) => {
    await tx
      .delete(idempotencyKeys)
      .where(and(eq(idempotencyKeys.key, key), lt(idempotencyKeys.expiresAt, new Date(now))));
    const inserted = await tx
      .insert(idempotencyKeys)
      .values({ orgId: tenancy.id, ...row, ...lock })
      .onConflictDoNothing()
      .returning({ key: idempotencyKeys.key });
    if (inserted.length === 1) return null;
    const retaken = await tx
      .update(idempotencyKeys)
      .set(lock)
      .where(
        and(
          eq(idempotencyKeys.orgId, tenancy.id),
          eq(idempotencyKeys.key, key),
          eq(idempotencyKeys.requestDigest, requestDigest),
          isNull(idempotencyKeys.status),
          lt(idempotencyKeys.lockedUntil, new Date(now)),
        ),
      )
      .returning({ key: idempotencyKeys.key });
    if (retaken.length === 1) return null;
    const [first] = await tx
      .select()
      .from(idempotencyKeys)
      .where(and(eq(idempotencyKeys.orgId, tenancy.id), eq(idempotencyKeys.key, key)));
    return first ?? null;
  });

  if (found !== null) {
    if (found.requestDigest !== requestDigest || found.path !== path || found.method !== endpoint.method) {
      throw new ParapetError(
        'idempotency_conflict',
        'This Idempotency-Key was used for another request: choose a new one.',
      );
    }
    if (found.status === null) {
      throw new ParapetError('idempotency_conflict', 'The first request with this Idempotency-Key is still running.');
    }
    if (found.body === null) {
      throw new ParapetError(
        'idempotency_conflict',
        'The first request with this Idempotency-Key is done, and its answer (a stream, or a large one) was not kept.',
      );
    }
    call.reply.header('idempotency-replayed', 'true').code(found.status);
    return JSON.parse(found.body) as object;
  }

  const mine = and(eq(idempotencyKeys.orgId, tenancy.id), eq(idempotencyKeys.key, key));
  try {
    const answer = await run();
    const body = answer === undefined ? null : JSON.stringify(answer);
    const kept = body !== null && body.length <= maxAnswerBytes ? body : null;
    await withTenant(db, tenancy.id, (tx) =>
      tx.update(idempotencyKeys).set({ status: call.reply.statusCode, body: kept, lockedUntil: null }).where(mine),
    );
    return answer;
  } catch (error) {
    await withTenant(db, tenancy.id, (tx) => tx.delete(idempotencyKeys).where(mine));
    throw error;
  }
}

/** What makes two requests the same one. A multipart body is known by its length: reading it twice is not possible. */
function digestOf({ body, request }: Call<unknown, unknown>): string {
  const content = body === undefined ? (request.headers['content-length'] ?? '') : JSON.stringify(body);
  return createHash('sha256').update(`${request.method}\0${request.url}\0${content}`).digest('hex');
}

/** Removes what has been kept long enough. */
export async function forgetIdempotencyKeys({ db }: DatabaseHandle): Promise<void> {
  await asPlatform(db, (tx) => tx.delete(idempotencyKeys).where(lt(idempotencyKeys.expiresAt, new Date())));
}
