import { ParapetError } from '@parapet/contracts/errors';
import { asTenantId } from '@parapet/contracts/ids';
import { apiKeys, members, organisations, serviceAccounts } from '@parapet/db/schema';
import { asPlatform } from '@parapet/db/tenant';
import { and, eq, inArray, sql } from 'drizzle-orm';
import type { Principal } from '../access/principal.ts';
import type { ControlServices } from '../context.ts';
import { parseKey, sameHash } from './key-format.ts';
import { knownScopes } from './key-view.ts';

export type KeyPrincipal = Extract<Principal, { kind: 'api_key' }>;

/** A looked-up key serves this long: with it, a revocation is in force everywhere within a second, no messages sent. */
const validMs = 900;
/** After this long the next use looks it up anew, and nobody waits: a busy key costs two look-ups a second and no time. */
const freshMs = 400;
const capacity = 20_000;
const lastUsedFlushMs = 15_000;

interface Known {
  readAt: number;
  isRefreshing: boolean;
  key: Promise<{ hash: string; expiresAt: number | null; principal: KeyPrincipal } | null>;
}

/** Turns API keys into principals: one look-up a key and second at most, whatever the request rate. */
export class KeyAuthenticator {
  readonly #known = new Map<string, Known>();
  readonly #lastUsed = new Map<string, number>();
  readonly #flushTimer: NodeJS.Timeout;

  constructor(private readonly services: Pick<ControlServices, 'database' | 'now'>) {
    this.#flushTimer = setInterval(() => void this.flushLastUsed().catch(() => {}), lastUsedFlushMs);
    this.#flushTimer.unref();
  }

  /** @throws ParapetError `invalid_api_key` for a key that is malformed, unknown, revoked or expired. */
  async authenticate(text: string): Promise<KeyPrincipal> {
    const parsed = parseKey(text);
    if (parsed === null) {
      throw new ParapetError('invalid_api_key', 'Incorrect API key provided. Look it up in the portal, under Keys.');
    }
    const found = await this.#lookUp(parsed.id);
    if (found === null || !sameHash(found.hash, parsed.hash)) {
      throw new ParapetError('invalid_api_key', 'Incorrect API key provided, or a revoked one.');
    }
    const now = this.services.now().getTime();
    if (found.expiresAt !== null && found.expiresAt <= now) {
      throw new ParapetError('invalid_api_key', 'This API key has expired. Make a new one in the portal.');
    }
    this.#lastUsed.set(parsed.id, now);
    return found.principal;
  }

  /** Drops what is cached of a key: in this process its revocation is in force at once. */
  forget(keyId: string): void {
    this.#known.delete(keyId);
  }

  /** Writes when keys were last used; call it before the database is closed. */
  async flushLastUsed(): Promise<void> {
    if (this.#lastUsed.size === 0) return;
    const byMoment = new Map<number, string[]>();
    for (const [id, at] of this.#lastUsed) {
      const second = Math.floor(at / 1000) * 1000;
      byMoment.set(second, [...(byMoment.get(second) ?? []), id]);
    }
    this.#lastUsed.clear();
    await asPlatform(this.services.database.db, async (tx) => {
      for (const [at, ids] of byMoment) {
        await tx
          .update(apiKeys)
          .set({ lastUsedAt: sql`greatest(${apiKeys.lastUsedAt}, ${new Date(at)}::timestamptz)` })
          .where(inArray(apiKeys.id, ids));
      }
    });
  }

  async close(): Promise<void> {
    clearInterval(this.#flushTimer);
    await this.flushLastUsed();
  }

  #lookUp(id: string): Known['key'] {
    const now = this.services.now().getTime();
    const known = this.#known.get(id);
    if (!known || now - known.readAt >= validMs) {
      const key = this.#read(id);
      key.catch(() => this.#known.delete(id));
      this.#remember(id, { readAt: now, isRefreshing: false, key });
      return key;
    }
    if (now - known.readAt >= freshMs && !known.isRefreshing) {
      known.isRefreshing = true;
      const key = this.#read(id);
      key.then(
        // Not where it was forgotten meanwhile.
        () => this.#known.get(id) === known && this.#remember(id, { readAt: now, isRefreshing: false, key }),
        () => {
          known.isRefreshing = false;
        },
      );
    }
    return known.key;
  }

  #remember(id: string, known: Known): void {
    this.#known.delete(id);
    this.#known.set(id, known);
    if (this.#known.size > capacity) {
      const oldest = this.#known.keys().next().value;
      if (oldest !== undefined) this.#known.delete(oldest);
    }
  }

  async #read(id: string): Known['key'] {
    const [row] = await asPlatform(this.services.database.db, (tx) =>
      tx
        .select({
          key: apiKeys,
          organisation: organisations,
          personRole: members.role,
          accountRole: serviceAccounts.role,
          accountDisabled: serviceAccounts.disabledAt,
        })
        .from(apiKeys)
        .innerJoin(organisations, eq(organisations.id, apiKeys.orgId))
        .leftJoin(members, and(eq(members.orgId, apiKeys.orgId), eq(members.userId, apiKeys.createdBy)))
        .leftJoin(serviceAccounts, eq(serviceAccounts.id, apiKeys.serviceAccountId))
        .where(eq(apiKeys.id, id)),
    );
    if (!row || row.key.revokedAt || row.organisation.status === 'deleted' || row.accountDisabled) return null;
    const { key, organisation } = row;
    // A key is never more than its owner: who has left takes their keys along.
    const role = key.serviceAccountId === null ? row.personRole : row.accountRole;
    if (role === null) return null;
    return {
      hash: key.hash,
      expiresAt: key.expiresAt?.getTime() ?? null,
      principal: {
        kind: 'api_key',
        keyId: key.id,
        name: key.name,
        tenancy: {
          id: asTenantId(organisation.id),
          slug: organisation.slug,
          name: organisation.name,
          role,
          suspended: organisation.status === 'suspended',
        },
        scopes: knownScopes(key.scopes),
        allowedModels: key.allowedModels,
        limits: {
          requestsPerMinute: key.requestsPerMinute,
          tokensPerMinute: key.tokensPerMinute,
          budgetMicros: key.budgetMicros,
        },
        serviceAccountId: key.serviceAccountId,
        ownerId: key.serviceAccountId === null ? key.createdBy : null,
      },
    };
  }
}
