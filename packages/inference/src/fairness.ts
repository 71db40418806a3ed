/** What a token costs a tenant: one written costs a share of every step, one read is part of one pass. */
export const inputTokenCost = 1;
export const outputTokenCost = 2;

const rememberedTenants = 10_000;

/**
 * Virtual token counters (Sheng et al., "Fairness in Serving Large Language Models", OSDI 2024): each tenant is charged
 * for what it is served; who has been served least goes first. A tenant that comes back from idleness is lifted to the
 * least of those at work: it can't save up credit.
 */
export class TokenCounters {
  private readonly served = new Map<string, number>();
  /** Requests of a tenant that wait or run. */
  private readonly present = new Map<string, number>();

  /** A request of the tenant came. */
  enter(tenantId: string): void {
    const count = this.present.get(tenantId) ?? 0;
    if (count === 0) {
      const floor = this.least();
      const lifted = Math.max(this.served.get(tenantId) ?? 0, floor ?? 0);
      this.served.delete(tenantId);
      this.served.set(tenantId, lifted);
      this.forgetIdle();
    }
    this.present.set(tenantId, count + 1);
  }

  /** A request of the tenant is gone. */
  leave(tenantId: string): void {
    const count = (this.present.get(tenantId) ?? 0) - 1;
    if (count > 0) this.present.set(tenantId, count);
    else this.present.delete(tenantId);
  }

  charge(tenantId: string, cost: number): void {
    this.served.set(tenantId, this.of(tenantId) + cost);
  }

  of(tenantId: string): number {
    return this.served.get(tenantId) ?? 0;
  }

  private least(): number | null {
    let least: number | null = null;
    for (const tenantId of this.present.keys()) {
      const counter = this.of(tenantId);
      if (least === null || counter < least) least = counter;
    }
    return least;
  }

  private forgetIdle(): void {
    for (const tenantId of this.served.keys()) {
      if (this.served.size <= rememberedTenants) return;
      if (!this.present.has(tenantId)) this.served.delete(tenantId);
    }
  }
}
