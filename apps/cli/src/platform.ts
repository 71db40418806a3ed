import { type Platform, startPlatform } from '@parapet/gateway/embedded';
import { defaultModel, ensureBaseModel } from './base-model.ts';
import { cliEnv } from './env.ts';
import { heading, line } from './terminal.ts';

export type TerminalPlatform = Platform & {
  modelDir: string;
  /** Resolves when a signal has asked for the end and everything has stopped. */
  untilStopped(): Promise<void>;
};

/** Fetches the base model if need be, starts the platform and says where it is. Ctrl-C stops all of it, at any moment. */
export async function startFromTerminal(): Promise<TerminalPlatform> {
  const env = cliEnv();
  const stop = new AbortController();
  let platform: Platform | null = null;
  let stopping: Promise<void> | null = null;
  const stopped = new Promise<void>((resolve) => {
    const onSignal = (signal: NodeJS.Signals) => {
      if (stopping) return;
      stop.abort();
      line('stopping …');
      stopping = (platform?.close() ?? Promise.resolve()).then(() => {
        if (platform === null) process.exit(signal === 'SIGINT' ? 130 : 143);
        resolve();
      });
    };
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal);
  });

  heading('Base model');
  const modelDir = await ensureBaseModel(defaultModel, stop.signal);
  heading('Platform');
  platform = await startPlatform({
    dataDir: env.dataDir,
    modelDir,
    gatewayPort: env.gatewayPort,
    portalPort: env.portalPort,
    host: env.host,
    onProgress: line,
  });
  await platform.ready();
  line(`API      ${platform.urls.gateway}/v1`);
  line(`Portal   ${platform.urls.portal}`);
  if (platform.adminSignIn) {
    const { email, password } = platform.adminSignIn;
    line(`Admin    ${email}   password ${password}   (shown only now: keep it)`);
  }
  return Object.assign(platform, { modelDir, untilStopped: () => stopped });
}
