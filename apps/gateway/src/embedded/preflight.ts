import { constants } from 'node:fs';
import { access, mkdir, statfs } from 'node:fs/promises';
import { createServer } from 'node:net';
import { StartProblem } from './problem.ts';

/** Room the database, checkpoints and logs need before a start makes sense. */
const leastFreeBytes = 1024 * 1024 * 1024;

/** Makes the data folder and checks that it can be written and has room. */
export async function checkDataFolder(dataDir: string): Promise<void> {
  try {
    await mkdir(dataDir, { recursive: true });
    await access(dataDir, constants.W_OK);
  } catch (cause) {
    throw new StartProblem(`The data folder ${dataDir} cannot be written: set PARAPET_DATA to one that can.`, {
      cause,
    });
  }
  const { bavail, bsize } = await statfs(dataDir);
  const free = bavail * bsize;
  if (free < leastFreeBytes) {
    throw new StartProblem(
      `Only ${Math.floor(free / 2 ** 20)} MB are free where ${dataDir} lies and Parapet wants 1024: make room, or set PARAPET_DATA to another disk.`,
    );
  }
}

/** @throws StartProblem when something already listens at the port. 0 is any free port. */
export async function checkPort(port: number, host: string, what: string, variable: string): Promise<void> {
  if (port === 0) return;
  const code = await new Promise<string | null>((resolve) => {
    const probe = createServer();
    probe.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'unknown'));
    probe.listen(port, host, () => probe.close(() => resolve(null)));
  });
  if (code === null) return;
  if (code === 'EADDRINUSE') {
    throw new StartProblem(
      `Port ${port}, which the ${what} wants, is in use: stop what listens there, or set ${variable} to another port.`,
    );
  }
  throw new StartProblem(`The ${what} cannot listen at ${host}:${port} (${code}): set ${variable} to another port.`);
}

/** @throws StartProblem when the base model's folder is not there. */
export async function checkModelFolder(modelDir: string): Promise<void> {
  try {
    await access(modelDir, constants.R_OK);
  } catch (cause) {
    throw new StartProblem(
      `The base model is not at ${modelDir}: run "npm run demo" once, which fetches it, or set PARAPET_MODEL_DIR to its folder.`,
      { cause },
    );
  }
}
