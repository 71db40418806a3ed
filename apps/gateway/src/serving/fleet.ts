import type { RegisterServeWorker, ServeHeartbeat } from '@parapet/contracts/serve-worker';
import { EngineClient } from './engine-client.ts';

/** A worker as the registry knows it; the registry is shared by all gateways. */
export interface RegisteredServeWorker {
  id: string;
  registration: RegisterServeWorker;
  /** null until its first heartbeat. */
  heartbeat: ServeHeartbeat | null;
  heartbeatAt: Date;
}

export interface FleetOptions {
  /** Reads the registry. */
  load: () => Promise<RegisteredServeWorker[]>;
  workerToken: string;
  refreshMs?: number;
  /** A worker silent for longer gets no requests and does not count as ready. */
  staleMs?: number;
  onError?: (error: unknown) => void;
}

/** How long a worker that could not be reached is asked last. */
const suspectMs = 5_000;

export interface LiveWorker extends RegisteredServeWorker {
  heartbeat: ServeHeartbeat;
}

/** This gateway's view of the serve workers: who lives, who holds which adapter, who has room. */
export class Fleet {
  readonly #options: Required<FleetOptions>;
  readonly #clients = new Map<string, EngineClient>();
  /** Requests of this gateway under way, by worker: the registry's numbers are a heartbeat old. */
  readonly #inFlight = new Map<string, number>();
  readonly #suspectUntil = new Map<string, number>();
  #workers = new Map<string, RegisteredServeWorker>();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: FleetOptions) {
    this.#options = { refreshMs: 1_000, staleMs: 4_000, onError: () => {}, ...options };
  }

  async start(): Promise<void> {
    await this.refresh();
    const loop = async () => {
      await this.refresh().catch(this.#options.onError);
      if (this.#timer) this.#timer = setTimeout(loop, this.#options.refreshMs);
    };
    this.#timer = setTimeout(loop, this.#options.refreshMs);
  }

  async refresh(): Promise<void> {
    const rows = await this.#options.load();
    const next = new Map(rows.map((row) => [row.id, row]));
    // A heartbeat that came to this gateway after the read is newer than the row.
    for (const [id, row] of next) {
      const known = this.#workers.get(id);
      if (known && known.heartbeatAt > row.heartbeatAt) next.set(id, known);
    }
    this.#workers = next;
    this.#forgetClients();
  }

  /** A heartbeat that came to this very gateway: in force at once. */
  note(worker: RegisteredServeWorker): void {
    this.#workers.set(worker.id, worker);
  }

  live(): LiveWorker[] {
    const oldest = Date.now() - this.#options.staleMs;
    return [...this.#workers.values()].filter(
      (worker): worker is LiveWorker => worker.heartbeat?.healthy === true && worker.heartbeatAt.getTime() >= oldest,
    );
  }

  /**
   * Workers that may take a request, best first: those that hold the adapter and have a free row, then the least
   * loaded. Draining ones are left out, unreachable ones come last.
   */
  candidates(baseDigest: string, adapterDigest: string | null): LiveWorker[] {
    const now = Date.now();
    const ranked = this.live()
      .filter((worker) => !worker.heartbeat.draining && worker.registration.baseModel.digest === baseDigest)
      .map((worker) => {
        const load = this.#load(worker);
        const resident = adapterDigest !== null && worker.heartbeat.residentAdapters.includes(adapterDigest);
        return {
          worker,
          suspect: (this.#suspectUntil.get(worker.id) ?? 0) > now ? 1 : 0,
          away: resident && load < worker.registration.maxRows ? 0 : 1,
          load: load / worker.registration.maxRows,
        };
      });
    ranked.sort((a, b) => a.suspect - b.suspect || a.away - b.away || a.load - b.load);
    return ranked.map(({ worker }) => worker);
  }

  client(worker: RegisteredServeWorker): EngineClient {
    const { url } = worker.registration;
    let client = this.#clients.get(url);
    if (!client) {
      client = new EngineClient(url, this.#options.workerToken);
      this.#clients.set(url, client);
    }
    return client;
  }

  /** Counts a request as under way at a worker until the returned function is called. */
  occupy(worker: RegisteredServeWorker): () => void {
    this.#inFlight.set(worker.id, (this.#inFlight.get(worker.id) ?? 0) + 1);
    return () => this.#inFlight.set(worker.id, (this.#inFlight.get(worker.id) ?? 1) - 1);
  }

  suspect(worker: RegisteredServeWorker): void {
    this.#suspectUntil.set(worker.id, Date.now() + suspectMs);
  }

  async close(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    await Promise.all([...this.#clients.values()].map((client) => client.close()));
  }

  #load(worker: LiveWorker): number {
    return Math.max(worker.heartbeat.running + worker.heartbeat.waiting, this.#inFlight.get(worker.id) ?? 0);
  }

  #forgetClients(): void {
    const urls = new Set([...this.#workers.values()].map((worker) => worker.registration.url));
    for (const [url, client] of this.#clients) {
      if (urls.has(url)) continue;
      this.#clients.delete(url);
      void client.close();
    }
    for (const map of [this.#inFlight, this.#suspectUntil]) {
      for (const id of map.keys()) if (!this.#workers.has(id)) map.delete(id);
    }
  }
}
