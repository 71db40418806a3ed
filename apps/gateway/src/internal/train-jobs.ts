import {
  checkpointReportSchema,
  fencedHeartbeatSchema,
  finishReportSchema,
  leaseRequestSchema,
  trainingEventsSchema,
} from '@parapet/contracts/train-worker';
import { finishJob } from '@parapet/control/queue/finish';
import { heartbeatJob } from '@parapet/control/queue/heartbeat';
import { leaseNextJob } from '@parapet/control/queue/lease';
import { recordCheckpoint } from '@parapet/control/queue/record-checkpoint';
import { recordEvents } from '@parapet/control/queue/record-events';
import type { FastifyInstance } from 'fastify';
import { parseInput } from '../http/endpoint.ts';
import type { GatewayServices } from '../services.ts';

type OfJob = { Params: { id: string } };

/** Train workers lease jobs and report; every call about a job is fenced (contracts/train-worker.ts). */
export function addTrainJobRoutes(app: FastifyInstance, { control }: GatewayServices): void {
  app.post('/internal/train/lease', async (request, reply) => {
    const lease = await leaseNextJob(control, parseInput(leaseRequestSchema, request.body));
    return lease ?? reply.code(204).send();
  });
  app.post<OfJob>('/internal/train/jobs/:id/heartbeat', (request) =>
    heartbeatJob(control, request.params.id, parseInput(fencedHeartbeatSchema, request.body)),
  );
  app.post<OfJob>('/internal/train/jobs/:id/events', async (request, reply) => {
    await recordEvents(control, request.params.id, parseInput(trainingEventsSchema, request.body));
    return reply.code(204).send();
  });
  app.post<OfJob>('/internal/train/jobs/:id/checkpoints', async (request, reply) => {
    await recordCheckpoint(control, request.params.id, parseInput(checkpointReportSchema, request.body));
    return reply.code(204).send();
  });
  app.post<OfJob>('/internal/train/jobs/:id/finish', async (request, reply) => {
    await finishJob(control, request.params.id, parseInput(finishReportSchema, request.body));
    return reply.code(204).send();
  });
}
