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
  /** Of the smoothed loss at the last cached point. */
  private smoothed = { sum: 0, weight: 0 };
  private readonly listeners = new Set<() => void>();

  constructor(private readonly capacity = 8000) {}

  add(metrics: readonly StepMetrics[]): void {
    if (metrics.length === 0) return;
    let ordered = true;
    // From here on smoothing no longer changes with the count: what is drawn grows instead of being made anew.
    const cached = smoothingOf(this.points.length) === mostSmoothing ? this.cached : null;
    let grown = cached !== null;
    for (const point of metrics) {
      const last = this.points.at(-1);
      if (last === undefined || point.step > last.step) {
        this.points.push(point);
        if (cached !== null) this.append(cached, point, mostSmoothing);
      } else if (point.step === last.step) {
        this.points[this.points.length - 1] = point;
        grown = false;
      } else {
        ordered = false;
        this.points.push(point);
      }
    }
    if (!ordered) {
      grown = false;
      const byStep = new Map(this.points.map((point) => [point.step, point]));
      this.points = [...byStep.values()].sort((a, b) => a.step - b.step);
    }
    if (this.points.length > this.capacity) {
      grown = false;
      const { length } = this.points;
      this.points = this.points.filter(
        (point, index) => index % 2 === 0 || index === length - 1 || point.validLoss !== null,
      );
    }
    if (!grown) this.cached = null;
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
    this.smoothed = { sum: 0, weight: 0 };
    for (const point of this.points) this.append(columns, point, smoothing);
    this.cached = columns;
    return columns;
  }

  private append(columns: CurveColumns, point: StepMetrics, smoothing: number): void {
    const { smoothed } = this;
    // Divided by its weight, so that the first points are no anchor.
    smoothed.sum = smoothing * smoothed.sum + (1 - smoothing) * point.trainLoss;
    smoothed.weight = smoothing * smoothed.weight + (1 - smoothing);
    columns[0].push(point.step);
    columns[1].push(point.trainLoss);
    columns[2].push(smoothed.sum / smoothed.weight);
    columns[3].push(point.validLoss);
  }

  /**
   * Tells of new points until the function that it returns is called: of each, or `everyMs` after the first of those that
   * came meanwhile.
   */
  subscribe(listener: () => void, everyMs = 0): () => void {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const later = () => {
      timer ??= setTimeout(() => {
        timer = undefined;
        listener();
      }, everyMs);
    };
    const told = everyMs === 0 ? listener : later;
    this.listeners.add(told);
    return () => {
      this.listeners.delete(told);
      clearTimeout(timer);
    };
  }
}
