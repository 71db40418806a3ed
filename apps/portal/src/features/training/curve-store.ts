import type { StepMetrics } from '@parapet/contracts/recipe';

/** Aligned columns as uPlot takes them: step, training loss, smoothed training loss, validation loss. */
export type CurveColumns = [number[], (number | null)[], (number | null)[], (number | null)[]];

/** How much of the last smoothed value stays, per point: of a long curve, and of one of `count` points, which it would belie. */
const mostSmoothing = 0.9;
const smoothingOf = (count: number) => Math.min(mostSmoothing, count / (count + 20));

/**
 * The loss curve of one job, growing while it runs. Metrics may come twice or late (history and the live stream
 * overlap): a step is kept once, in order. Holds at most `capacity` points; past it every second one without a
 * validation is dropped, so the shape stays and the memory is bounded.
 */
export class CurveStore {
  private points: StepMetrics[] = [];
  private cached: CurveColumns | null = null;
  private readonly listeners = new Set<() => void>();

  constructor(private readonly capacity = 8000) {}

  add(metrics: readonly StepMetrics[]): void {
    if (metrics.length === 0) return;
    let ordered = true;
    for (const point of metrics) {
      const last = this.points.at(-1);
      if (last === undefined || point.step > last.step) this.points.push(point);
      else if (point.step === last.step) this.points[this.points.length - 1] = point;
      else {
        ordered = false;
        this.points.push(point);
      }
    }
    if (!ordered) {
      const byStep = new Map(this.points.map((point) => [point.step, point]));
      this.points = [...byStep.values()].sort((a, b) => a.step - b.step);
    }
    if (this.points.length > this.capacity) {
      const { length } = this.points;
      this.points = this.points.filter(
        (point, index) => index % 2 === 0 || index === length - 1 || point.validLoss !== null,
      );
    }
    this.cached = null;
    for (const listener of this.listeners) listener();
  }

  get latest(): StepMetrics | null {
    return this.points.at(-1) ?? null;
  }

  get length(): number {
    return this.points.length;
  }

  /** The last validation, and the best one. */
  validation(): { last: StepMetrics; best: StepMetrics } | null {
    let last: StepMetrics | null = null;
    let best: StepMetrics | null = null;
    for (const point of this.points) {
      if (point.validLoss === null) continue;
      last = point;
      if (best === null || point.validLoss < (best.validLoss ?? Number.POSITIVE_INFINITY)) best = point;
    }
    return last && best ? { last, best } : null;
  }

  columns(): CurveColumns {
    if (this.cached) return this.cached;
    const columns: CurveColumns = [[], [], [], []];
    const smoothing = smoothingOf(this.points.length);
    let sum = 0;
    let weight = 0;
    for (const point of this.points) {
      // Divided by its weight, so that the first points are no anchor.
      sum = smoothing * sum + (1 - smoothing) * point.trainLoss;
      weight = smoothing * weight + (1 - smoothing);
      columns[0].push(point.step);
      columns[1].push(point.trainLoss);
      columns[2].push(sum / weight);
      columns[3].push(point.validLoss);
    }
    this.cached = columns;
    return columns;
  }

  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }
}
