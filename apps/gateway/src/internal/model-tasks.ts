import {
  modelTaskFinishSchema,
  modelTaskLeaseRequestSchema,
  modelTaskProgressSchema,
} from '@parapet/contracts/model-task';
import { finishModelTask, leaseModelTask, progressModelTask } from '@parapet/control/queue/model-tasks';
import type { FastifyInstance } from 'fastify';
import { parseInput } from '../http/endpoint.ts';
import type { GatewayServices } from '../services.ts';

type OfTask = { Params: { id: string } };

/** Serve workers verify and quantise base models for admins (contracts/model-task.ts). */
export function addModelTaskRoutes(app: FastifyInstance, { control }: GatewayServices): void {
  app.post('/internal/model-tasks/lease', async (request, reply) => {
    const lease = await leaseModelTask(control, parseInput(modelTaskLeaseRequestSchema, request.body));
    return lease ?? reply.code(204).send();
  });
  app.post<OfTask>('/internal/model-tasks/:id/progress', async (request, reply) => {
    await progressModelTask(control, request.params.id, parseInput(modelTaskProgressSchema, request.body));
    return reply.code(204).send();
  });
  app.post<OfTask>('/internal/model-tasks/:id/finish', async (request, reply) => {
    await finishModelTask(control, request.params.id, parseInput(modelTaskFinishSchema, request.body));
    return reply.code(204).send();
  });
}
