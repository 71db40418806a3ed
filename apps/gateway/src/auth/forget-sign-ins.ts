import type { DatabaseHandle } from '@parapet/db/client';
import { sessions, verifications } from '@parapet/db/schema';
import { asPlatform } from '@parapet/db/tenant';
import { lt } from 'drizzle-orm';

/** Removes sessions that have ended and sign-ins that nobody came back to finish; answers how many. */
export async function forgetSignIns({ db }: DatabaseHandle, now = new Date()): Promise<number> {
  return asPlatform(db, async (tx) => {
    const ended = await tx.delete(sessions).where(lt(sessions.expiresAt, now)).returning({ id: sessions.id });
    const left = await tx
      .delete(verifications)
      .where(lt(verifications.expiresAt, now))
      .returning({ id: verifications.id });
    return ended.length + left.length;
  });
}
