import { ParapetError } from '@parapet/contracts/errors';
import { newId } from '@parapet/contracts/ids';
import {
  type RegisterServeWorker,
  registerServeWorkerSchema,
  type ServeHeartbeat,
  serveHeartbeatSchema,
  type WorkerControl,
  workerControlSchema,
} from '@parapet/contracts/serve-worker';
import type { DatabaseHandle } from '@parapet/db/client';
import { baseModels, workers } from '@parapet/db/schema';
import { asPlatform, type Tx } from '@parapet/db/tenant';
import { and, eq, gt, lt, ne } from 'drizzle-orm';
import type { RegisteredServeWorker } from './fleet.ts';

export const heartbeatMs = 1_000;
/** A worker that is silent for longer is `gone`; the row goes a day later. */
const goneMs = 60_000;
const forgetMs = 24 * 60 * 60 * 1000;

/** The serve workers, in the database that all gateways share. */
export class WorkerRegistry {
  readonly #database: DatabaseHandle;

  constructor(database: DatabaseHandle) {
    this.#database = database;
  }

  /** A worker comes up (or comes back at the same address: then it keeps its row and the orders given to it). */
  async register(worker: RegisterServeWorker): Promise<RegisteredServeWorker> {
    const now = new Date();
    const { baseModel, device, url } = worker;
    const fields = {
      kind: 'serve' as const,
      url,
      name: `${device.name} (${device.kind})`,
      baseDigest: baseModel.digest,
      registration: worker as unknown as Record<string, unknown>,
      heartbeat: null,
      status: 'ready' as const,
      heartbeatAt: now,
      updatedAt: now,
    };
    const id = await asPlatform(this.#database.db, async (tx) => {
      await adoptBaseModel(tx, baseModel, now);
      const [known] = await tx.select({ id: workers.id }).from(workers).where(eq(workers.url, url)).for('update');
      if (known) {
        await tx.update(workers).set(fields).where(eq(workers.id, known.id));
        return known.id;
      }
      const fresh = newId('worker');
      await tx.insert(workers).values({ id: fresh, ...fields });
      return fresh;
    });
    return { id, registration: worker, heartbeat: null, heartbeatAt: now };
  }

  /**
   * Notes a heartbeat.
   * @returns the worker and what it is to be told.
   * @throws ParapetError `not_found` when it must register (again).
   */
  async heartbeat(
    id: string,
    beat: ServeHeartbeat,
  ): Promise<{ worker: RegisteredServeWorker; control: WorkerControl }> {
    const now = new Date();
    // The reports and loads are booked apart; kept in the row they would only be a second copy.
    const heartbeat: ServeHeartbeat = { ...beat, unacknowledged: [], adapterLoadMs: [] };
    const status = !beat.healthy ? 'unhealthy' : beat.draining ? 'draining' : 'ready';
    const [row] = await asPlatform(this.#database.db, (tx) =>
      tx
        .update(workers)
        .set({ heartbeat: heartbeat as unknown as Record<string, unknown>, heartbeatAt: now, updatedAt: now, status })
        .where(and(eq(workers.id, id), eq(workers.kind, 'serve')))
        .returning(),
    );
    if (!row) throw new ParapetError('not_found', `There is no worker ${id}: register first.`);
    const registration = registerServeWorkerSchema.parse(row.registration);
    return {
      worker: { id, registration, heartbeat, heartbeatAt: now },
      control: workerControlSchema.parse(row.control ?? {}),
    };
  }

  /** Serve workers heard of in the last minute. */
  async list(): Promise<RegisteredServeWorker[]> {
    const since = new Date(Date.now() - goneMs);
    const rows = await asPlatform(this.#database.db, (tx) =>
      tx
        .select()
        .from(workers)
        .where(and(eq(workers.kind, 'serve'), gt(workers.heartbeatAt, since))),
    );
    return rows.map((row) => ({
      id: row.id,
      registration: registerServeWorkerSchema.parse(row.registration),
      heartbeat: row.heartbeat === null ? null : serveHeartbeatSchema.parse(row.heartbeat),
      heartbeatAt: row.heartbeatAt,
    }));
  }

  /** Marks the silent as gone and forgets those silent for a day. */
  async sweep(): Promise<void> {
    const now = Date.now();
    await asPlatform(this.#database.db, async (tx) => {
      await tx.delete(workers).where(lt(workers.heartbeatAt, new Date(now - forgetMs)));
      await tx
        .update(workers)
        .set({ status: 'gone' })
        .where(and(lt(workers.heartbeatAt, new Date(now - goneMs)), ne(workers.status, 'gone')));
    });
  }
}

/**
 * The base model that a worker serves, as a row: its first worker makes it known (the very first is the default one).
 * @throws ParapetError `conflict` when the name stands for other weights: its adapters would not fit them.
 */
async function adoptBaseModel(tx: Tx, model: RegisterServeWorker['baseModel'], now: Date): Promise<void> {
  const { name, digest, contextTokens, parameters, weights } = model;
  const found = { digest, contextTokens, parameters, weights, state: 'ready' as const, updatedAt: now };
  const [known] = await tx.select().from(baseModels).where(eq(baseModels.name, name)).for('update');
  if (known && known.digest !== null && known.digest !== digest) {
    throw new ParapetError(
      'conflict',
      `The base model "${name}" has the digest ${known.digest} here, and this worker's weights have ${digest}: give the other weights another name.`,
    );
  }
  if (known) {
    await tx
      .update(baseModels)
      .set(known.state === 'retired' ? { ...found, state: 'retired' } : found)
      .where(eq(baseModels.id, known.id));
    return;
  }
  const isDefault = (await tx.$count(baseModels)) === 0;
  await tx
    .insert(baseModels)
    .values({ id: newId('baseModel'), name, source: 'builtin', isDefault, ...found })
    .onConflictDoNothing();
}
