import type { Logger } from 'pino';

/** Work that comes round; any gateway may do it, and several doing it at once do no harm. */
export interface Chore {
  name: string;
  everyMs: number;
  run(): Promise<unknown>;
}

/** Runs each chore in its turn, never twice at once; a failure is logged and the next turn comes. */
export function startMaintenance(chores: readonly Chore[], log: Logger): () => Promise<void> {
  let stopped = false;
  const timers = new Map<string, NodeJS.Timeout>();
  const running = new Map<string, Promise<void>>();
  const schedule = (chore: Chore) => {
    if (stopped) return;
    // A little unevenness keeps the gateways of a fleet from coming all at once.
    const inMs = chore.everyMs * (0.9 + 0.2 * Math.random());
    timers.set(
      chore.name,
      setTimeout(() => {
        const turn = chore
          .run()
          .then(() => {})
          .catch((error: unknown) => log.error({ err: error, chore: chore.name }, 'maintenance failed'))
          .finally(() => {
            running.delete(chore.name);
            schedule(chore);
          });
        running.set(chore.name, turn);
      }, inMs),
    );
  };
  chores.forEach(schedule);
  return async () => {
    stopped = true;
    for (const timer of timers.values()) clearTimeout(timer);
    await Promise.all(running.values());
  };
}
