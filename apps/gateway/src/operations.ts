import type { FastifyInstance } from 'fastify';
import type { GatewayServices } from './services.ts';

/** `/healthz`: the process lives. `/readyz`: the database answers and an engine lives. `/metrics`: Prometheus. */
export function addOperationRoutes(app: FastifyInstance, services: GatewayServices, isReady: () => boolean): void {
  app.get('/healthz', async () => ({ status: 'ok' }));

  app.get('/readyz', async (_request, reply) => {
    const database = await answers(() => services.control.database.query('select 1'));
    const ready = database && isReady();
    return reply.code(ready ? 200 : 503).send({
      status: ready ? 'ready' : 'unavailable',
      database: database ? 'ok' : 'down',
      engines: services.fleet.live().length,
    });
  });

  app.get('/metrics', async (_request, reply) => {
    const text = await services.metrics.registry.metrics();
    return reply.type(services.metrics.registry.contentType).send(text);
  });
}

/** A dependency that takes longer counts as down: whoever asks wants to know now. */
const patienceMs = 2_000;

async function answers(question: () => Promise<unknown>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), patienceMs);
  });
  try {
    return await Promise.race([question().then(() => true), late]);
  } catch {
    return false;
  } finally {
    clearTimeout(timer);
  }
}
