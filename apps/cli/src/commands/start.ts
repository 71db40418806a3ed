import { startFromTerminal } from '../platform.ts';

/** Starts the platform and stays until a signal; every process it started ends with it. */
export async function run(): Promise<number> {
  const platform = await startFromTerminal();
  await platform.untilStopped();
  return 0;
}
