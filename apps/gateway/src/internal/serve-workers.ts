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
    const settled = Date.now() - freshReportMs;
    const acknowledged = await services.metering.reportUsage(
      beat.unacknowledged.filter((report) => report.finishedAt < settled),
    );
    return { acknowledged, control };
  });
}
