import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, chownSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import type { DatabaseHandle } from '../client.ts';
import { openDatabase } from '../client.ts';
import { migrate } from '../migrate.ts';

const run = promisify(execFile);

/** Folder of initdb and pg_ctl: on the PATH or where Debian puts them; the newest. */
function binaries(): string | null {
  const debian = '/usr/lib/postgresql';
  const versions = existsSync(debian) ? readdirSync(debian).sort((a, b) => Number(b) - Number(a)) : [];
  const folders = [...versions.map((version) => join(debian, version, 'bin')), '/usr/local/bin', '/usr/bin'];
  return folders.find((folder) => existsSync(join(folder, 'pg_ctl')) && existsSync(join(folder, 'initdb'))) ?? null;
}

/** Postgres refuses to run as root; a machine where only root is there needs another account. */
function account(): { name: string; uid: number; gid: number } | null {
  if (process.getuid?.() !== 0) return null;
  const lines = readFileSync('/etc/passwd', 'utf8').split('\n');
  const fields = (
    lines.find((line) => line.startsWith('postgres:')) ?? lines.find((line) => line.startsWith('nobody:'))
  )?.split(':');
  return fields ? { name: fields[0] ?? '', uid: Number(fields[2]), gid: Number(fields[3]) } : null;
}

/** Whether `openTestPostgres('own')` can work here. */
export function canStartPostgres(): boolean {
  return binaries() !== null && (process.getuid?.() !== 0 || account() !== null);
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}

type Cluster = { url: string; stop: () => Promise<void> };
let cluster: Promise<Cluster> | null = null;
let users = 0;

async function startCluster(): Promise<Cluster> {
  const bin = binaries();
  if (bin === null) throw new Error('No initdb and pg_ctl found: install PostgreSQL, or unset PARAPET_TEST_POSTGRES.');
  const home = mkdtempSync(join(tmpdir(), 'parapet-pg-'));
  const as = account();
  if (as) chownSync(home, as.uid, as.gid);
  chmodSync(home, 0o700);
  const command = (name: string, args: string[]) =>
    as === null
      ? run(join(bin, name), args)
      : run('runuser', ['-u', as.name, '--', join(bin, name), ...args], { cwd: '/' });
  const port = await freePort();
  await command('initdb', [
    '-D',
    join(home, 'data'),
    '-U',
    'parapet',
    '-A',
    'trust',
    '-E',
    'UTF8',
    '--locale=C',
    '--no-sync',
  ]);
  const options = `-p ${port} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c max_connections=200 -c shared_buffers=128MB`;
  await command('pg_ctl', ['-D', join(home, 'data'), '-w', '-l', join(home, 'log'), '-o', options, 'start']);
  // A test run that ends without closing must not leave a server behind.
  const stopNow = () => {
    const pid = Number(readFileSync(join(home, 'data/postmaster.pid'), 'utf8').split('\n')[0]);
    process.kill(pid, 'SIGQUIT');
    rmSync(home, { recursive: true, force: true });
  };
  process.once('exit', stopNow);
  return {
    url: `postgres://parapet@127.0.0.1:${port}/postgres`,
    stop: async () => {
      process.off('exit', stopNow);
      await command('pg_ctl', ['-D', join(home, 'data'), '-w', '-m', 'immediate', 'stop']);
      rmSync(home, { recursive: true, force: true });
    },
  };
}

async function adminQuery(url: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}

/** URL of a new, empty database on `server` (`own` = a cluster started for this process, stopped after its last user). */
export async function openTestPostgresUrl(server: string): Promise<{ url: string; drop: () => Promise<void> }> {
  if (server === 'own') {
    users++;
    cluster ??= startCluster();
  }
  const started = server === 'own' ? await cluster : null;
  const admin = started?.url ?? server;
  const name = `parapet_test_${randomBytes(8).toString('hex')}`;
  await adminQuery(admin, `create database ${name}`);
  const url = new URL(admin);
  url.pathname = `/${name}`;
  return {
    url: url.href,
    drop: async () => {
      await adminQuery(admin, `drop database ${name} with (force)`);
      if (started !== null && --users === 0) {
        cluster = null;
        await started.stop();
      }
    },
  };
}

/** A migrated database on a real Postgres; dropped at close. */
export async function openTestPostgres(server = 'own', poolSize = 10): Promise<DatabaseHandle & { url: string }> {
  const { url, drop } = await openTestPostgresUrl(server);
  const handle = await openDatabase({ kind: 'postgres', url, poolSize });
  await migrate(handle);
  return {
    ...handle,
    url,
    close: async () => {
      await handle.close();
      await drop();
    },
  };
}
