import { createFilesystemStore } from '@parapet/adapter-store/filesystem';
import { newId } from '@parapet/contracts/ids';
import { createKeyInputSchema } from '@parapet/contracts/portal/keys';
import { createKey } from '@parapet/control/verbs/keys/create-key';
import { type DatabaseConfig, openDatabase } from '@parapet/db/client';
import { migrate } from '@parapet/db/migrate';
import { members, modelPrices, organisations, users } from '@parapet/db/schema';
import { createTestTenant } from '@parapet/db/testing';
import { createMetering } from '@parapet/metering/metering';
import { eq } from 'drizzle-orm';

/** A tenant with every limit, price and budget on, all too high to be reached. */
export async function seedTenant(config: DatabaseConfig): Promise<{ apiKey: string }> {
  const database = await openDatabase(config);
  await migrate(database);
  const { db } = database;
  const id = await createTestTenant(db, {
    gpuSecondsPerMonth: 1_000_000_000,
    requestsPerMinute: 100_000_000,
    tokensPerMinute: 1_000_000_000,
    concurrentRequests: 100_000,
  });
  await db.insert(modelPrices).values({
    id: newId('plan'),
    model: '*',
    promptMicrosPerMillion: 1_000_000,
    completionMicrosPerMillion: 2_000_000,
    effectiveFrom: new Date(0),
  });
  const userId = newId('user');
  await db.insert(users).values({ id: userId, name: 'owner', email: `${userId}@example.test` });
  await db.insert(members).values({ id: newId('member'), orgId: id, userId, role: 'owner' });
  const [row] = await db.select().from(organisations).where(eq(organisations.id, id));
  const { secret } = await createKey(
    {
      services: {
        database,
        blobs: createFilesystemStore('/nonexistent'),
        metering: createMetering(database),
        tokenizer: null,
        now: () => new Date(),
      },
      origin: { ip: null, userAgent: null, requestId: null },
      principal: {
        kind: 'user',
        userId,
        name: 'owner',
        email: '',
        platformAdmin: false,
        sessionId: 'none',
        tenancy: { id, slug: row!.slug, name: row!.name, role: 'owner', suspended: false },
        viewing: false,
      },
    },
    createKeyInputSchema.parse({
      name: 'bench',
      requestsPerMinute: 50_000_000,
      tokensPerMinute: 1_000_000_000,
      monthlyBudgetMicros: 1_000_000_000_000,
    }),
  );
  await database.close();
  return { apiKey: secret };
}
