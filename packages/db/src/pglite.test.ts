import { execFile } from 'node:child_process';
import { cp, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openDatabase } from './client.ts';
import { PgliteClient } from './pglite-client.ts';
import { plans } from './schema/index.ts';
import { pgliteTemplate } from './testing/pglite-template.ts';

const run = promisify(execFile);
let home: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'parapet-pglite-'));
});
afterEach(() => rm(home, { recursive: true, force: true }));

const openAt = async (directory: string) =>
  openDatabase({ kind: 'pglite', directory, template: await pgliteTemplate() });

describe('the embedded database', () => {
  it('begins from a template, and keeps what was written', async () => {
    const directory = join(home, 'data');
    const first = await openAt(directory);
    await first.db.insert(plans).values({ id: 'plan_1', name: 'one', limits: {} as never });
    await first.close();
    const second = await openAt(directory);
    expect(await second.db.select({ id: plans.id }).from(plans)).toEqual([{ id: 'plan_1' }]);
    await second.close();
  });

  it('refuses a second opener while the first is there, and names it', async () => {
    const directory = join(home, 'data');
    const first = await openAt(directory);
    await expect(openAt(directory)).rejects.toThrow(new RegExp(`in use by process ${process.pid}`));
    const script = `
      import { openDatabase } from '${new URL('./client.ts', import.meta.url).href}';
      try { await openDatabase({ kind: 'pglite', directory: ${JSON.stringify(directory)} }); } catch (error) { console.log(error.code); }`;
    const cwd = fileURLToPath(new URL('.', import.meta.url));
    const { stdout } = await run(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], { cwd });
    expect(stdout.trim()).toBe('conflict');
    await first.close();
    expect(await readdir(home)).toEqual(['data']);
  });

  it('takes over from a process that died, and from one whose number another has now', async () => {
    const directory = join(home, 'data');
    await cp(await pgliteTemplate(), directory, { recursive: true });
    await writeFile(`${directory}.lock`, '999999999 123');
    await (await openAt(directory)).close();
    await writeFile(`${directory}.lock`, `${process.ppid} 1`);
    await (await openAt(directory)).close();
  });
});

describe('the client of the database’s thread', () => {
  const openClient = async () => {
    await cp(await pgliteTemplate(), join(home, 'data'), { recursive: true });
    return new PgliteClient(join(home, 'data'));
  };

  it('keeps statements out of a transaction that is not theirs, in the order they came', async () => {
    const client = await openClient();
    await client.exec('create table t (n int)');
    const order: string[] = [];
    const insert = (n: number, by: Pick<PgliteClient, 'query'> = client) =>
      by.query('insert into t values ($1)', [n]).then(() => order.push(String(n)));
    const failing = client.transaction(async (tx) => {
      await insert(1, tx);
      await new Promise((resolve) => setTimeout(resolve, 20));
      throw new Error('no');
    });
    const between = insert(2);
    const second = client.transaction(async (tx) => {
      await insert(3, tx);
      await new Promise((resolve) => setTimeout(resolve, 20));
      await insert(4, tx);
    });
    const last = insert(5);
    await expect(failing).rejects.toThrow('no');
    await Promise.all([between, second, last]);
    expect(order).toEqual(['1', '2', '3', '4', '5']);
    expect((await client.query('select n from t order by n')).rows).toEqual([2, 3, 4, 5].map((n) => ({ n })));
    await expect(client.query('insert into none values (1)')).rejects.toMatchObject({ code: '42P01' });
    await client.close();
    await expect(client.query('select 1')).rejects.toThrow(/closed/);
  });

  it('leaves the event loop free while the database computes', async () => {
    const client = await openClient();
    await client.query('select 1');
    let turns = 0;
    const timer = setInterval(() => turns++, 1);
    await client.query('select count(*) from generate_series(1, 3000000)');
    clearInterval(timer);
    expect(turns).toBeGreaterThan(20);
    await client.close();
  });
});

it('the migrations hold the whole schema', async () => {
  const root = fileURLToPath(new URL('..', import.meta.url));
  const out = join(home, 'migrations');
  await cp(join(root, 'migrations'), out, { recursive: true });
  const before = await readdir(out);
  const bin = join(root, 'node_modules/.bin/drizzle-kit');
  // drizzle-kit takes a relative folder only.
  const relative = out.startsWith('/') ? join('../../../..', out) : out;
  await run(bin, ['generate', '--dialect', 'postgresql', '--schema', './src/schema/index.ts', '--out', relative], {
    cwd: root,
  });
  expect(await readdir(out)).toEqual(before);
});
