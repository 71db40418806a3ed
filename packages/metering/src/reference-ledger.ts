/**
 * The ledger in plain words and exact integers, kept beside the SQL it checks: one organisation, one key. No storage,
 * no concurrency, no speed.
 */
export type Limits = {
  gpuMicros: bigint | null;
  requestsPerMinute: bigint | null;
  tokensPerMinute: bigint | null;
  concurrent: number | null;
  keyTokensPerMinute: bigint | null;
  keyBudgetMicros: bigint | null;
};

export type Rates = { prompt: bigint; completion: bigint; gpuSecond: bigint };
export type Amounts = { prompt: bigint; completion: bigint; gpuMicros: bigint };

const unit = 60_000_000n;
const max = (a: bigint, b: bigint) => (a > b ? a : b);

/** Takes units and drains `limit` of them a minute, so many a microsecond in units of 1/60,000,000. */
class Bucket {
  level = 0n;
  atMicros = 0n;

  drain(limit: bigint, nowMicros: bigint) {
    this.level = max(0n, this.level - limit * (nowMicros - this.atMicros));
    this.atMicros = nowMicros;
  }
  fits(units: bigint, limit: bigint) {
    return this.level + units * unit <= limit * unit;
  }
  /** Whole units that would still fit. */
  room(limit: bigint) {
    return max(0n, limit - (this.level + unit - 1n) / unit);
  }
  give(units: bigint) {
    this.level = max(0n, this.level - units * unit);
  }
}

type Hold = Amounts & { spend: bigint; expiresMicros: bigint; state: 'held' | 'settled' | 'voided' | 'expired' };

export class ReferenceLedger {
  readonly requests = new Bucket();
  readonly tokens = new Bucket();
  readonly keyTokens = new Bucket();
  readonly holds = new Map<string, Hold>();
  used = 0n;
  spent = 0n;

  constructor(
    readonly limits: Limits,
    readonly rates: Rates,
  ) {}

  get open(): Hold[] {
    return [...this.holds.values()].filter((hold) => hold.state === 'held');
  }
  get held(): bigint {
    return this.open.reduce((total, hold) => total + hold.gpuMicros, 0n);
  }
  get heldSpend(): bigint {
    return this.open.reduce((total, hold) => total + hold.spend, 0n);
  }

  /** What the headers say is left: the tighter of the organisation's and the key's; null = no limit. */
  get tokensLeft(): bigint | null {
    const { tokensPerMinute: own, keyTokensPerMinute: key } = this.limits;
    const rooms = [
      ...(own === null ? [] : [this.tokens.room(own)]),
      ...(key === null ? [] : [this.keyTokens.room(key)]),
    ];
    const [least = null] = rooms.sort((a, b) => Number(a - b));
    return least;
  }

  cost({ prompt, completion, gpuMicros }: Amounts): bigint {
    const { rates } = this;
    return (
      (prompt * rates.prompt + completion * rates.completion + gpuMicros * rates.gpuSecond + 500_000n) / 1_000_000n
    );
  }

  /** null = admitted, else the code of the refusal. */
  admit(id: string, bound: Amounts, nowMicros: bigint, ttlMicros: bigint): string | null {
    const { limits } = this;
    const units = bound.prompt + bound.completion;
    const spend = this.cost(bound);
    this.requests.drain(limits.requestsPerMinute ?? 0n, nowMicros);
    this.tokens.drain(limits.tokensPerMinute ?? 0n, nowMicros);
    this.keyTokens.drain(limits.keyTokensPerMinute ?? 0n, nowMicros);
    if (this.holds.has(id)) return 'conflict';
    if (limits.gpuMicros !== null && this.used + this.held + bound.gpuMicros > limits.gpuMicros)
      return 'insufficient_quota';
    if (limits.keyBudgetMicros !== null && this.spent + this.heldSpend + spend > limits.keyBudgetMicros) {
      return 'insufficient_quota';
    }
    if (limits.concurrent !== null && this.open.length >= limits.concurrent) return 'concurrency_exceeded';
    if (limits.requestsPerMinute !== null && !this.requests.fits(1n, limits.requestsPerMinute)) {
      return 'rate_limit_exceeded';
    }
    if (limits.tokensPerMinute !== null && !this.tokens.fits(units, limits.tokensPerMinute))
      return 'rate_limit_exceeded';
    if (limits.keyTokensPerMinute !== null && !this.keyTokens.fits(units, limits.keyTokensPerMinute)) {
      return 'rate_limit_exceeded';
    }
    if (limits.requestsPerMinute !== null) this.requests.level += unit;
    if (limits.tokensPerMinute !== null) this.tokens.level += units * unit;
    if (limits.keyTokensPerMinute !== null) this.keyTokens.level += units * unit;
    this.holds.set(id, { ...bound, spend, expiresMicros: nowMicros + ttlMicros, state: 'held' });
    return null;
  }

  settle(id: string, actual: Amounts, nowMicros: bigint): string {
    const hold = this.holds.get(id);
    if (!hold) return 'unknown';
    if (hold.state !== 'held' && hold.state !== 'expired') return 'duplicate';
    this.used += actual.gpuMicros;
    this.spent += this.cost(actual);
    if (hold.state === 'held') this.#giveBack(hold, actual.prompt + actual.completion, nowMicros);
    hold.state = 'settled';
    return 'settled';
  }

  void(id: string, nowMicros: bigint): string {
    const hold = this.holds.get(id);
    if (!hold) return 'unknown';
    if (hold.state !== 'held') return 'duplicate';
    this.#giveBack(hold, 0n, nowMicros);
    hold.state = 'voided';
    return 'voided';
  }

  sweep(nowMicros: bigint): number {
    const due = this.open.filter((hold) => hold.expiresMicros < nowMicros);
    for (const hold of due) {
      this.#giveBack(hold, 0n, nowMicros);
      hold.state = 'expired';
    }
    return due.length;
  }

  #giveBack(hold: Hold, used: bigint, nowMicros: bigint) {
    const unused = max(0n, hold.prompt + hold.completion - used);
    this.tokens.drain(this.limits.tokensPerMinute ?? 0n, nowMicros);
    this.requests.drain(this.limits.requestsPerMinute ?? 0n, nowMicros);
    this.tokens.give(unused);
    this.keyTokens.drain(this.limits.keyTokensPerMinute ?? 0n, nowMicros);
    if (this.limits.keyTokensPerMinute !== null) this.keyTokens.give(unused);
  }
}
