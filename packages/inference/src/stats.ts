/** What a worker's heartbeat tells of its engine. */
export interface StatsSnapshot {
  running: number;
  waiting: number;
  kvUsage: number;
  residentAdapters: string[];
  residentAdapterBytes: number;
  stepMsP50: number | null;
  stepMsP99: number | null;
  /** Step time a row of adapted batches over base batches, minus one; null until both were seen. */
  adapterTax: number | null;
  generatedTokens: number;
  promptTokens: number;
  deviceMicros: number;
  preemptions: number;
}

type Gauges = Pick<StatsSnapshot, 'running' | 'waiting' | 'kvUsage' | 'residentAdapters' | 'residentAdapterBytes'>;

const keptSteps = 2048;
/** A turn takes tens of milliseconds; one that takes this long hangs. */
const wedgedAfterMs = 4000;

/** Counts what the engine does between two snapshots. */
export class EngineStats {
  private stepMs: number[] = [];
  private generatedTokens = 0;
  private promptTokens = 0;
  private deviceMicros = 0;
  private preemptions = 0;
  private lastTurn = performance.now();
  /** Smoothed step milliseconds by rows, for batches without and with adapters. */
  private readonly baseMs = new Map<number, number>();
  private readonly adaptedMs = new Map<number, number>();

  turn(): void {
    this.lastTurn = performance.now();
  }

  /** @param working whether there is anything to do */
  isHealthy(working: boolean): boolean {
    if (!working) this.lastTurn = performance.now();
    return performance.now() - this.lastTurn < wedgedAfterMs;
  }

  step(micros: number, rows: number, adaptedRows: number): void {
    this.lastTurn = performance.now();
    this.deviceMicros += micros;
    if (this.stepMs.length < keptSteps) this.stepMs.push(micros / 1000);
    const seen = adaptedRows === 0 ? this.baseMs : adaptedRows === rows ? this.adaptedMs : null;
    if (seen !== null) seen.set(rows, (seen.get(rows) ?? micros / 1000) * 0.9 + (micros / 1000) * 0.1);
  }

  prefill(micros: number): void {
    this.lastTurn = performance.now();
    this.deviceMicros += micros;
  }

  prompt(tokens: number): void {
    this.promptTokens += tokens;
  }

  token(): void {
    this.generatedTokens += 1;
  }

  preemption(): void {
    this.preemptions += 1;
  }

  snapshot(gauges: Gauges): StatsSnapshot {
    const sorted = this.stepMs.sort((a, b) => a - b);
    const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? null;
    const snapshot: StatsSnapshot = {
      ...gauges,
      stepMsP50: at(0.5),
      stepMsP99: at(0.99),
      adapterTax: this.adapterTax(),
      generatedTokens: this.generatedTokens,
      promptTokens: this.promptTokens,
      deviceMicros: this.deviceMicros,
      preemptions: this.preemptions,
    };
    this.stepMs = [];
    this.generatedTokens = 0;
    this.promptTokens = 0;
    this.deviceMicros = 0;
    this.preemptions = 0;
    return snapshot;
  }

  private adapterTax(): number | null {
    let adapted = 0;
    let base = 0;
    for (const [rows, ms] of this.adaptedMs) {
      const other = this.baseMs.get(rows);
      if (other === undefined) continue;
      adapted += ms;
      base += other;
    }
    return base === 0 ? null : adapted / base - 1;
  }
}
