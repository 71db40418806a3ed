import type { DatabaseHandle } from '@parapet/db/client';
import { canStartPostgres, openTestPostgres } from '@parapet/db/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { admission, createMeteredTenant, usage } from './fixtures.ts';
import { createMetering, type Metering } from './metering.ts';

describe.skipIf(!canStartPostgres())('what outlives a crash of Postgres', () => {
  let handle: DatabaseHandle;
  let metering: Metering;
  beforeAll(async () => {
    handle = await openTestPostgres();
    // Its own writer would put the log on the disk within a moment, asked or not.
    await handle.script('alter system set wal_writer_delay = 10000');
    await handle.script('select pg_reload_conf()');
    metering = createMetering(handle);
  });
  afterAll(() => handle.close());

  /** Where the log ends now. */
  const logEnd = async () =>
    (await handle.query<{ lsn: string }>('select pg_current_wal_insert_lsn()::text as lsn'))[0]!.lsn;
  const isOnDisk = async (lsn: string) => {
    const [row] = await handle.query<{ yes: boolean }>('select pg_current_wal_flush_lsn() >= $1::pg_lsn as yes', [lsn]);
    return row!.yes;
  };

  it('admissions and settlements do not wait for the disk; a flush does', async () => {
    const who = await createMeteredTenant(handle);
    const request = admission(who);
    await metering.admit(request);
    await metering.settle({ requestId: request.requestId, usage, outcome: 'stop' });
    const settled = await logEnd();
    expect(await isOnDisk(settled)).toBe(false);
    await metering.flush();
    expect(await isOnDisk(settled)).toBe(true);
  });

  it('a report is acknowledged when its settlement is on the disk', async () => {
    const request = admission(await createMeteredTenant(handle));
    await metering.admit(request);
    const account = { ...usage, prefillDeviceMicros: 1000, decodeDeviceMicros: 1000 };
    const { requestId, tenantId } = request;
    const before = await logEnd();
    expect(await isOnDisk(before)).toBe(false);
    const report = { requestId, tenantId, usage: account, finishedAt: Date.now() };
    expect(await metering.reportUsage([report])).toEqual([requestId]);
    expect(await isOnDisk(before)).toBe(true);
  });
});
