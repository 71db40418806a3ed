import { registerServeWorkerSchema, serveHeartbeatSchema } from '@parapet/contracts/serve-worker';
import type { FastifyInstance } from 'fastify';
import { parseInput } from '../http/endpoint.ts';
import type { GatewayServices } from '../services.ts';
import { heartbeatMs, type WorkerRegistry } from '../serving/worker-registry.ts';

/** A report this young is left to the gateway that streams the request and knows how it ended; it comes again. */
const freshReportMs = 5_000;

/** Serve workers come up and say how they are; their unacknowledged usage is settled here, whoever lost it. */
export function addServeWorkerRoutes(app: FastifyInstance, services: GatewayServices, registry: WorkerRegistry): void {
  app.post('/internal/workers/serve/register', async (request) => {
    const worker = await registry.register(parseInput(registerServeWorkerSchema, request.body));
    services.fleet.note(worker);
    return { workerId: worker.id, heartbeatMs };
  });

  app.post<{ Params: { id: string } }>('/internal/workers/serve/:id/heartbeat', async (request) => {
    const beat = parseInput(serveHeartbeatSchema, request.body);
    const { worker, control } = await registry.heartbeat(request.params.id, beat);
    services.fleet.note(worker);
    for (const ms of beat.adapterLoadMs ?? []) services.metrics.adapterLoad.observe(ms / 1000);
    const mine = beat.unacknowledged.filter((report) => services.settled.has(report.requestId));
    const old = Date.now() - freshReportMs;
    const lost = beat.unacknowledged.filter(
      (report) => report.finishedAt < old && !services.settled.has(report.requestId),
    );
    const [booked] = await Promise.all([
      services.metering.reportUsage(lost),
      mine.length > 0 ? services.metering.flush() : undefined,
    ]);
    return { acknowledged: [...mine.map((report) => report.requestId), ...booked], control };
  });
}
