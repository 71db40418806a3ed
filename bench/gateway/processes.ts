import { type ChildProcess, spawn } from 'node:child_process';
import { createServer } from 'node:net';

const running = new Set<ChildProcess>();

/** Starts a process that ends with this one; `env` is added to ours. */
export function launch(command: string, args: string[], env: Record<string, string> = {}, cwd?: string): ChildProcess {
  const child = spawn(command, args, { cwd, env: { ...process.env, ...env }, stdio: ['pipe', 'pipe', 'pipe'] });
  let tail = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    tail = (tail + chunk.toString('utf8')).slice(-4000);
  });
  running.add(child);
  child.once('close', (code) => {
    running.delete(child);
    if (code) console.error(`${command} ${args[0]} ended with code ${code}:\n${tail}`);
  });
  return child;
}

export const launchTsx = (
  file: string,
  args: string[] = [],
  env: Record<string, string> = {},
  cwd?: string,
  nodeArgs: string[] = [],
) => launch(process.execPath, [...nodeArgs, '--import', import.meta.resolve('tsx'), file, ...args], env, cwd);

/** The first line that a process prints. */
export function firstLine(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    child.stdout?.on('data', (chunk: Buffer) => {
      text += chunk.toString('utf8');
      if (text.includes('\n')) resolve(text.slice(0, text.indexOf('\n')));
    });
    child.once('close', () => reject(new Error('the process ended before it said anything')));
  });
}

/** All that a process prints until it ends, given this input. */
export async function answerOf(child: ChildProcess, input: string): Promise<string> {
  child.stdin?.end(input);
  let text = '';
  for await (const chunk of child.stdout!) text += chunk;
  return text;
}

export async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('close', resolve));
  child.kill('SIGTERM');
  const killer = setTimeout(() => child.kill('SIGKILL'), 5_000);
  await gone;
  clearTimeout(killer);
}

export const stopAll = () => Promise.all([...running].map(stop));

export const freePort = () =>
  new Promise<number>((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });

/** Waits until a URL answers 2xx. */
export async function untilUp(url: string, timeoutMs: number, headers: Record<string, string> = {}): Promise<void> {
  const end = Date.now() + timeoutMs;
  while (Date.now() < end) {
    if (
      await fetch(url, { headers }).then(
        (answer) => answer.ok,
        () => false,
      )
    )
      return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`${url} did not come up within ${timeoutMs / 1000} s`);
}
