import { once } from 'node:events';
import { startPlatform } from './running-platform.ts';

/** Starts the one platform of all journeys; what is returned stops it. */
export default async function globalSetup() {
  const platform = await startPlatform();
  return async () => {
    platform.kill('SIGTERM');
    await once(platform, 'exit');
  };
}
