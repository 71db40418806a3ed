import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { Fleet } from './serving/fleet.ts';
import type { GenerationEnd } from './serving/generation.ts';

/** Seconds; fine where a token is, coarse where a long answer is. */
const latencyBuckets = [0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 10, 20, 40, 80];

/** What /metrics shows. Names follow vLLM's where the meaning is the same. No tenant, key or text is a label. */
export class Metrics {
  readonly registry = new Registry();
  readonly #success: Counter<'finished_reason'>;
  readonly #promptTokens: Counter;
  readonly #generationTokens: Counter;
  readonly #queueTime: Histogram;
  readonly #e2e: Histogram;
  readonly firstToken: Histogram;
  readonly interToken: Histogram;
  readonly adapterLoad: Histogram;
  readonly httpRequests: Counter<'route' | 'status'>;

  constructor(fleet: () => Fleet) {
    const registers = [this.registry];
    collectDefaultMetrics({ register: this.registry, prefix: 'parapet_gateway_' });
    this.#success = new Counter({
      name: 'parapet_request_success_total',
      help: 'Generations that ended, by how.',
      labelNames: ['finished_reason'],
      registers,
    });
    this.#promptTokens = new Counter({ name: 'parapet_prompt_tokens_total', help: 'Prompt tokens billed.', registers });
    this.#generationTokens = new Counter({
      name: 'parapet_generation_tokens_total',
      help: 'Generated tokens billed.',
      registers,
    });
    const histogram = (name: string, help: string) => new Histogram({ name, help, buckets: latencyBuckets, registers });
    this.firstToken = histogram('parapet_time_to_first_token_seconds', 'From the arrival to the first text.');
    this.interToken = histogram('parapet_inter_token_latency_seconds', 'Between two pieces of text, per token.');
    this.#e2e = histogram('parapet_e2e_request_latency_seconds', 'From the arrival to the end of a generation.');
    this.#queueTime = histogram('parapet_request_queue_time_seconds', 'Waiting for the engine.');
    this.adapterLoad = histogram('parapet_adapter_load_seconds', 'Fetching, checking and preparing an adapter.');
    this.httpRequests = new Counter({
      name: 'parapet_http_requests_total',
      help: 'Answers, by route and status.',
      labelNames: ['route', 'status'],
      registers,
    });
    this.#fleetGauges(fleet);
  }

  /** Notes a generation that began at `startedAt` (performance.now()). */
  ended(end: GenerationEnd, startedAt: number): void {
    this.#success.inc({ finished_reason: end.outcome });
    this.#promptTokens.inc(end.usage.promptTokens);
    this.#generationTokens.inc(end.usage.completionTokens);
    this.#queueTime.observe(end.usage.queueMicros / 1e6);
    this.#e2e.observe((performance.now() - startedAt) / 1000);
  }

  #fleetGauges(fleet: () => Fleet): void {
    const gauge = (name: string, help: string, read: (values: ReturnType<Fleet['live']>) => number) =>
      new Gauge({
        name,
        help,
        registers: [this.registry],
        collect() {
          this.set(read(fleet().live()));
        },
      });
    const sum = (values: number[]) => values.reduce((total, value) => total + value, 0);
    const most = (values: number[]) => (values.length === 0 ? 0 : Math.max(...values));
    gauge('parapet_num_requests_running', 'Rows in the decode batches.', (workers) =>
      sum(workers.map((worker) => worker.heartbeat.running)),
    );
    gauge('parapet_num_requests_waiting', 'Requests in the queues of the engines.', (workers) =>
      sum(workers.map((worker) => worker.heartbeat.waiting)),
    );
    gauge('parapet_kv_cache_usage_perc', 'The fullest KV cache, 0 to 1.', (workers) =>
      most(workers.map((worker) => worker.heartbeat.kvUsage)),
    );
    gauge('parapet_adapters_resident', 'Adapters in the memory of the engines.', (workers) =>
      sum(workers.map((worker) => worker.heartbeat.residentAdapters.length)),
    );
    gauge('parapet_adapter_tax_ratio', 'Step time of adapted rows over base rows, minus one; the largest.', (workers) =>
      most(workers.map((worker) => worker.heartbeat.adapterTax ?? 0)),
    );
    gauge('parapet_workers_live', 'Serve workers whose heartbeat is fresh.', (workers) => workers.length);
  }
}
