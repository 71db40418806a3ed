import { newId } from '@parapet/contracts/ids';
import { holds, keyPeriods, modelPrices, usageEvents } from '@parapet/db/schema';
import { canStartPostgres, openTestPostgresUrl } from '@parapet/db/testing';
import { eq } from 'drizzle-orm';
import { Agent, fetch } from 'undici';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createGateway, type Gateway } from '../server.ts';
import { GatewayFixture } from '../testing/gateway-fixture.ts';

const model = 'smollm2-135m-instruct';

describe.skipIf(!canStartPostgres())('two gateways on one Postgres', () => {
  let database: Awaited<ReturnType<typeof openTestPostgresUrl>>;
  let fixture: GatewayFixture;
  let second: Gateway;
  let urls: string[];
  const dispatcher = new Agent({ connections: 256, pipelining: 1 });

  beforeAll(async () => {
    database = await openTestPostgresUrl('own');
    fixture = await GatewayFixture.open({
      database: { kind: 'postgres', url: database.url, poolSize: 8 },
      engine: { tokenMs: 2 },
    });
    second = await createGateway({
      ...fixture.config,
      database: { kind: 'postgres', url: database.url, poolSize: 8 },
    });
    urls = [fixture.url, await second.listen({ port: 0, host: '127.0.0.1' })];
    await second.services.fleet.refresh();
    const { db } = fixture.gateway.services.control.database;
    // A token costs one micro-unit, so that a budget counts tokens.
    await db.insert(modelPrices).values({
      id: newId('plan'),
      model: '*',
      promptMicrosPerMillion: 1_000_000,
      completionMicrosPerMillion: 1_000_000,
      effectiveFrom: new Date(0),
    });
  });
  afterAll(async () => {
    await dispatcher.close();
    await second?.close();
    await fixture?.close();
    await database?.drop();
  });

  const ask = (key: string, turn: number, body: object, signal?: AbortSignal) =>
    fetch(`${urls[turn % 2]}/v1/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model, ...body }),
      dispatcher,
      ...(signal && { signal }),
    });

  test('200 at once against a balance for 10: never more than 10, in 100 rounds', { timeout: 600_000 }, async () => {
    const { db } = fixture.gateway.services.control.database;
    const owner = await fixture.tenant();
    for (let round = 0; round < 100; round++) {
      // 3 prompt tokens and 1 generated one, exactly what is held: 4 a request, 40 for ten.
      const key = await fixture.key(owner, { monthlyBudgetMicros: 40 });
      const statuses = await Promise.all(
        Array.from({ length: 200 }, async (_, turn) => {
          const answer = await ask(key, turn, { prompt: [1, 2, 3], max_tokens: 1 });
          await answer.text();
          return answer.status;
        }),
      );
      expect(statuses.filter((status) => status === 200)).toHaveLength(10);
      expect(statuses.filter((status) => status === 429)).toHaveLength(190);
    }
    const periods = await db.select().from(keyPeriods);
    expect(periods).toHaveLength(100);
    for (const period of periods) expect(period).toMatchObject({ spendUsed: 40, spendHeld: 0 });
  });

  test('1,000 clients that leave at a random token: billed is what was generated, once each', {
    timeout: 600_000,
  }, async () => {
    const { db } = fixture.gateway.services.control.database;
    const owner = await fixture.tenant();
    const key = await fixture.key(owner);
    const seen = new Map<string, number>();
    const one = async (turn: number) => {
      const leave = new AbortController();
      const after = Math.floor(Math.random() * 40);
      try {
        const answer = await ask(key, turn, { prompt: 'x', max_tokens: 400, stream: true }, leave.signal);
        const requestId = answer.headers.get('x-request-id')!;
        let tokens = 0;
        seen.set(requestId, 0);
        for await (const chunk of answer.body!) {
          tokens +=
            Buffer.from(chunk as Uint8Array)
              .toString('utf8')
              .split(' word').length - 1;
          seen.set(requestId, tokens);
          if (tokens >= after) leave.abort();
        }
      } catch (error) {
        if ((error as Error).name !== 'AbortError') throw error;
      }
    };
    const turns = Array.from({ length: 1000 }, (_, turn) => turn);
    await Promise.all(
      Array.from({ length: 50 }, async () => {
        for (let turn = turns.pop(); turn !== undefined; turn = turns.pop()) await one(turn);
      }),
    );
    const orgId = owner.tenancy!.id;
    const booked = () => db.select().from(usageEvents).where(eq(usageEvents.orgId, orgId));
    await expect.poll(async () => (await booked()).length, { timeout: 30_000 }).toBe(1000);
    for (const event of await booked()) {
      expect(event.completionTokens).toBe(fixture.engine.generated.get(event.requestId));
      expect(event.completionTokens).toBeGreaterThanOrEqual(seen.get(event.requestId) ?? 0);
      expect(event.completionTokens).toBeLessThan(400);
    }
    expect(await db.$count(holds, eq(holds.status, 'held'))).toBe(0);
    expect(fixture.engine.running()).toBe(0);
  });
});
