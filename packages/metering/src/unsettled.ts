import type { TenantId } from '@parapet/contracts/ids';

/**
 * Settlements under way, by tenant. An answer does not wait for its settlement, so its client may be back before its
 * hold is gone: who is refused meanwhile is asked about once more when these are through.
 */
export class Unsettled {
  readonly #byTenant = new Map<TenantId, Set<Promise<unknown>>>();

  track<T>(tenantId: TenantId, settlement: Promise<T>): Promise<T> {
    const running = this.#byTenant.get(tenantId) ?? new Set();
    this.#byTenant.set(tenantId, running.add(settlement));
    const forget = () => {
      running.delete(settlement);
      if (running.size === 0) this.#byTenant.delete(tenantId);
    };
    settlement.then(forget, forget);
    return settlement;
  }

  /** Resolves when those of now have ended, however they end; null where there are none. */
  endOf(tenantId: TenantId): Promise<unknown> | null {
    const running = this.#byTenant.get(tenantId);
    return running ? Promise.allSettled(running) : null;
  }
}
