import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { holds, usageEvents } from '@parapet/db/schema';
import { canStartPostgres, openTestPostgresUrl } from '@parapet/db/testing';
import { createMetering } from '@parapet/metering/metering';
import { eq } from 'drizzle-orm';
import { Agent, fetch } from 'undici';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { GatewayFixture } from '../testing/gateway-fixture.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
/** PARAPET_KILLS=200 is the whole trial; the default keeps the suite short. */
const kills = Number(process.env.PARAPET_KILLS ?? 12);
const streams = 32;

const freePort = () =>
  new Promise<number>((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

describe.skipIf(!canStartPostgres())('a gateway killed with -9 under load', () => {
  let database: Awaited<ReturnType<typeof openTestPostgresUrl>>;
  /** A second gateway on the same database, which is never killed: it makes the tenant and reads the books. */
  let fixture: GatewayFixture;
  let folder: string;
  let port: number;
  let gateway: ChildProcess | null = null;

  const start = async () => {
    const child = spawn(process.execPath, ['--import', 'tsx', 'src/main.ts'], {
      cwd: root,
      stdio: ['ignore', 'ignore', 'inherit'],
      env: {
        ...process.env,
        PARAPET_PORT: String(port),
        PARAPET_HOST: '127.0.0.1',
        DATABASE_URL: database.url,
        PARAPET_WORKER_TOKEN: fixture.config.workerToken,
        PARAPET_AUTH_SECRET: fixture.config.authSecret,
        PARAPET_PUBLIC_URL: fixture.config.publicUrl,
        PARAPET_BLOBS_DIR: folder,
        PARAPET_LOG_LEVEL: 'silent',
      },
    });
    gateway = child;
    for (let i = 0; i < 400; i++) {
      if (
        await fetch(`http://127.0.0.1:${port}/readyz`).then(
          (answer) => answer.ok,
          () => false,
        )
      )
        return child;
      await sleep(50);
    }
    throw new Error('the gateway did not come up by itself');
  };

  beforeAll(async () => {
    database = await openTestPostgresUrl('own');
    folder = await mkdtemp(join(tmpdir(), 'parapet-killed-'));
    port = await freePort();
    fixture = await GatewayFixture.open({
      database: { kind: 'postgres', url: database.url, poolSize: 4 },
      engine: { tokenMs: 5 },
    });
    // The engine reports to the gateway that dies, so that a report may be lost with it.
    await start();
    await fixture.engine.join(`http://127.0.0.1:${port}`);
  });
  afterAll(async () => {
    gateway?.kill('SIGKILL');
    await fixture?.close();
    await database?.drop();
    await rm(folder, { recursive: true, force: true });
  });

  test(`${kills} kills under ${streams} streams: received ≤ billed ≤ generated`, { timeout: 3_600_000 }, async () => {
    const { db } = fixture.gateway.services.control.database;
    const owner = await fixture.tenant();
    const key = await fixture.key(owner);
    const received = new Map<string, number>();
    const dispatcher = new Agent({ connections: streams });
    let running = true;
    const stream = async () => {
      while (running) {
        try {
          const answer = await fetch(`http://127.0.0.1:${port}/v1/completions`, {
            method: 'POST',
            headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
            body: JSON.stringify({ model: 'smollm2-135m-instruct', prompt: 'x', max_tokens: 60, stream: true }),
            dispatcher,
          });
          const requestId = answer.headers.get('x-request-id')!;
          if (answer.status !== 200) {
            await answer.text();
            await sleep(20);
            continue;
          }
          received.set(requestId, 0);
          for await (const chunk of answer.body!) {
            const words =
              Buffer.from(chunk as Uint8Array)
                .toString('utf8')
                .split(' word').length - 1;
            received.set(requestId, received.get(requestId)! + words);
          }
        } catch {
          await sleep(20);
        }
      }
    };
    const clients = Array.from({ length: streams }, stream);
    for (let kill = 0; kill < kills; kill++) {
      await sleep(200 + Math.random() * 800);
      const closed = new Promise((resolve) => gateway!.once('close', resolve));
      gateway!.kill('SIGKILL');
      await closed;
      await start();
    }
    await sleep(500);
    running = false;
    await Promise.all(clients);
    await dispatcher.close();

    const { generated } = fixture.engine;
    const orgId = owner.tenancy!.id;
    const booked = async () =>
      new Map(
        (await db.select().from(usageEvents).where(eq(usageEvents.orgId, orgId))).map((row) => [row.requestId, row]),
      );
    const held = async () =>
      new Set((await db.select().from(holds).where(eq(holds.orgId, orgId))).map((row) => row.requestId));
    const unbilled = async () => {
      const [bills, admitted] = [await booked(), await held()];
      return [...generated.keys()].filter((id) => admitted.has(id) && !bills.has(id));
    };
    // Reports of the worker are taken when they are a few seconds old, then repeated until acknowledged.
    await expect.poll(unbilled, { timeout: 30_000, interval: 500 }).toEqual([]);
    const bills = await booked();
    // The engine may begin before the hold is placed; when the gateway dies in between, nothing was billed or received.
    const admitted = await held();
    const unheld = [...generated.keys()].filter((id) => !admitted.has(id));
    for (const id of unheld) expect(received.get(id) ?? 0, id).toBe(0);
    console.log(`${generated.size} requests generated, ${unheld.length} of them before their hold`);
    expect(received.size).toBeGreaterThan(streams);
    for (const [requestId, tokens] of received) {
      if (tokens === 0 && !generated.has(requestId)) continue;
      expect(bills.get(requestId)!.completionTokens, requestId).toBeGreaterThanOrEqual(tokens);
    }
    for (const [requestId, { completionTokens }] of bills) {
      expect(completionTokens, requestId).toBeLessThanOrEqual(generated.get(requestId) ?? 0);
    }
    // A hold whose request never reached the engine ends by its time to live.
    const later = createMetering(fixture.gateway.services.control.database, { clock: () => Date.now() + 3_600_000 });
    while ((await later.sweepExpired()) > 0);
    expect(await db.$count(holds, eq(holds.status, 'held'))).toBe(0);
    const twice = await db.execute('select request_id from usage_events group by request_id having count(*) > 1');
    expect((twice as unknown as { rows: unknown[] }).rows).toEqual([]);
  });
});
