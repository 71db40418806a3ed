import { open, readFile, rm } from 'node:fs/promises';
import { ParapetError } from '@parapet/contracts/errors';

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** When the process began, in the kernel's ticks; tells a living owner from another process with its number. */
async function startOf(pid: number): Promise<string> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
}

/**
 * Takes `<directory>.lock` for this process, and returns what gives it back. A lock whose process is gone is
 * taken over. PGlite itself lets two processes open a folder, and both then lose rows.
 */
export async function lockDirectory(directory: string): Promise<() => Promise<void>> {
  const path = `${directory}.lock`;
  const mine = `${process.pid} ${await startOf(process.pid)}`;
  for (let attempt = 0; attempt < 5; attempt++) {
    try {
      const file = await open(path, 'wx');
      await file.writeFile(mine);
      await file.close();
      return async () => {
        if ((await readFile(path, 'utf8').catch(() => '')) === mine) await rm(path, { force: true });
      };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const owner = await readFile(path, 'utf8').catch(() => '');
    const [pid = '', start = ''] = owner.split(' ');
    const alive = pid !== '' && isRunning(Number(pid)) && (start === '' || (await startOf(Number(pid))) === start);
    if (alive) {
      throw new ParapetError(
        'conflict',
        `The database in ${directory} is in use by process ${pid}. Stop that process first, or set PARAPET_DATA to another folder.`,
      );
    }
    // An empty lock may be one being written just now: leave its writer a moment.
    if (owner === '' && attempt < 3) await new Promise((resolve) => setTimeout(resolve, 50));
    else await rm(path, { force: true });
  }
  throw new ParapetError('conflict', `Could not lock the database in ${directory}: ${path} keeps coming back.`);
}
