import { randomBytes } from 'node:crypto';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** A secret of the data folder, made once and readable by its owner only (mode 600). */
export async function secretOf(dataDir: string, name: string): Promise<string> {
  const folder = join(dataDir, 'run');
  const path = join(folder, name);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  try {
    const known = (await readFile(path, 'utf8')).trim();
    if (known.length >= 32) {
      await chmod(path, 0o600);
      return known;
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  const secret = randomBytes(32).toString('base64url');
  await writeFile(path, `${secret}\n`, { mode: 0o600 });
  return secret;
}
