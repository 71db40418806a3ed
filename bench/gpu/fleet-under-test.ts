import { mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { createFilesystemStore } from '@parapet/adapter-store/filesystem';
import type { AdapterConfig } from '@parapet/contracts/adapter';
import { newId, type TenantId } from '@parapet/contracts/ids';
import { createKeyInputSchema } from '@parapet/contracts/portal/keys';
import type { QuotaLimits } from '@parapet/contracts/quota';
import type { ControlContext } from '@parapet/control/context';
import { importAdapter } from '@parapet/control/verbs/adapters/import-adapter';
import { createKey } from '@parapet/control/verbs/keys/create-key';
import { type DatabaseHandle, openDatabase } from '@parapet/db/client';
import { migrate } from '@parapet/db/migrate';
import { members, modelPrices, organisations, users } from '@parapet/db/schema';
import { createTestTenant, openTestPostgresUrl } from '@parapet/db/testing';
import { AdapterShelf } from '@parapet/inference/testing';
import { createMetering } from '@parapet/metering/metering';
import type { BaseModel } from '@parapet/models/open';
import { eq } from 'drizzle-orm';
import { freePort, launchTsx, stopAll, untilUp } from '../gateway/processes.ts';

const workerToken = 'the-token-of-workers-in-this-benchmark-only';
const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export interface FleetOptions {
  model: BaseModel;
  modelDir: string;
  work: string;
  gateways: number;
  device: 'cuda' | 'cpu';
  libraries: string | undefined;
  maxRows: number;
  kvTokens: number;
}

export interface Tenant {
  id: TenantId;
  key: string;
  /** Its own adapter's name. */
  model: string;
}

/** The platform as it runs in a fleet: Postgres, gateways, one serve worker; each a process of its own. */
export class FleetUnderTest {
  private constructor(
    readonly database: DatabaseHandle,
    readonly urls: readonly string[],
    private readonly options: FleetOptions,
    private readonly blobs: string,
    private readonly drop: () => Promise<void>,
  ) {}

  static async start(options: FleetOptions): Promise<FleetUnderTest> {
    const { work, modelDir, device, libraries } = options;
    const { url, drop } = await openTestPostgresUrl('own');
    const database = await openDatabase({ kind: 'postgres', url, poolSize: 4 });
    await migrate(database);
    await database.db.insert(modelPrices).values({
      ...{ id: newId('plan'), model: '*', promptMicrosPerMillion: 1_000_000, completionMicrosPerMillion: 2_000_000 },
      effectiveFrom: new Date(0),
    });
    const blobs = mkdtempSync(join(work, 'blobs-'));
    const urls: string[] = [];
    for (let i = 0; i < options.gateways; i++) {
      const port = await freePort();
      urls.push(`http://127.0.0.1:${port}`);
      launchTsx(
        'src/main.ts',
        [],
        {
          ...{ PARAPET_PORT: String(port), PARAPET_HOST: '127.0.0.1', DATABASE_URL: url, PARAPET_LOG_LEVEL: 'warn' },
          ...{ PARAPET_WORKER_TOKEN: workerToken, PARAPET_AUTH_SECRET: 'a-secret-that-signs-sessions-here-only' },
          ...{ PARAPET_PUBLIC_URL: 'http://localhost:3000', PARAPET_BLOBS_DIR: blobs },
        },
        here('../../apps/gateway'),
      );
      await untilUp(`${urls[i]}/healthz`, 120_000);
    }
    launchTsx(
      'src/serve/main.ts',
      [],
      {
        ...{ PARAPET_GATEWAY_URL: urls[0]!, PARAPET_WORKER_TOKEN: workerToken, PARAPET_MODEL_DIR: modelDir },
        ...{ PARAPET_DATA: work, PARAPET_DEVICE: device, PARAPET_LOG_LEVEL: 'warn' },
        ...{ PARAPET_MAX_ROWS: String(options.maxRows), PARAPET_KV_TOKENS: String(options.kvTokens) },
        ...{ PARAPET_MAX_QUEUE: '1024', ...(libraries && { PARAPET_CUDA_LIBRARIES: libraries }) },
      },
      here('../../apps/worker'),
    );
    for (const one of urls) await untilUp(`${one}/readyz`, 120_000);
    return new FleetUnderTest(database, urls, options, blobs, drop);
  }

  /** An organisation with a key and an adapter of its own, imported as a customer would. */
  async tenant(config: AdapterConfig, seed: number, limits: Partial<QuotaLimits> = {}): Promise<Tenant> {
    const { database } = this;
    const { db } = database;
    const id = await createTestTenant(db, limits);
    const userId = newId('user');
    await db.insert(users).values({ id: userId, name: 'owner', email: `${userId}@example.test` });
    await db.insert(members).values({ id: newId('member'), orgId: id, userId, role: 'owner' });
    const [row] = await db.select().from(organisations).where(eq(organisations.id, id));
    const context: ControlContext = {
      services: {
        ...{ database, blobs: createFilesystemStore(this.blobs), metering: createMetering(database), tokenizer: null },
        now: () => new Date(),
      },
      origin: { ip: null, userAgent: null, requestId: null },
      principal: {
        ...{ kind: 'user', userId, name: 'owner', email: '', platformAdmin: false, sessionId: 'none', viewing: false },
        tenancy: { id, slug: row!.slug, name: row!.name, role: 'owner', suspended: false },
      },
    };
    const { secret } = await createKey(context, createKeyInputSchema.parse({ name: 'bench' }));
    const shelf = new AdapterShelf(this.options.model);
    const file = await shelf.fetch(shelf.add(config, seed, 0.02));
    const content = (async function* () {
      yield file;
    })();
    const adapter = await importAdapter(context, { name: 'own', adapterId: null, content });
    return { id, key: secret, model: adapter.latest!.model };
  }

  /** Adds up the device time that the worker's heartbeats tell, until the returned function is called. */
  watchDevice(): () => Promise<number> {
    const seen = new Map<string, number>();
    let watching = true;
    const loop = (async () => {
      while (watching) {
        const rows = await this.database.query<{ at: string; micros: string | null }>(
          `select heartbeat_at::text as at, heartbeat->>'deviceMicros' as micros from workers where kind = 'serve'`,
        );
        for (const { at, micros } of rows) if (micros !== null) seen.set(at, Number(micros));
        await sleep(100);
      }
    })();
    return async () => {
      await sleep(2500); // the heartbeat that holds the last steps
      watching = false;
      await loop;
      return [...seen.values()].reduce((sum, micros) => sum + micros, 0);
    };
  }

  /** Device microseconds booked on an organisation. */
  async metered(id: TenantId): Promise<{ gpuMicros: number; requests: number }> {
    const [row] = await this.database.query<{ micros: string | number; requests: string | number }>(
      'select coalesce(sum(gpu_micros), 0) as micros, count(*) as requests from usage_events where org_id = $1',
      [id],
    );
    return { gpuMicros: Number(row!.micros), requests: Number(row!.requests) };
  }

  async stop(): Promise<void> {
    await stopAll();
    await this.database.close();
    await this.drop();
  }
}

/**
 * A copy of a GGUF model that never ends a turn (its end token is one it never says), so that every answer is as long
 * as was asked.
 */
export function endlessCopy(folder: string, to: string): string {
  mkdirSync(to, { recursive: true });
  const name = readdirSync(folder).find((file) => file.endsWith('.gguf'));
  if (name === undefined) throw new Error(`${folder} holds no GGUF file.`);
  const bytes = readFileSync(join(folder, name));
  const key = 'tokenizer.ggml.eos_token_id';
  const at = bytes.indexOf(key) + key.length + 4; // behind the value's type
  bytes.writeUInt32LE(3, at);
  writeFileSync(join(to, name), bytes);
  return to;
}
