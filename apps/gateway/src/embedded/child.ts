import { type ChildProcess, spawn } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { fileURLToPath } from 'node:url';
import { LogFile } from './log-file.ts';

const exitWithParent = fileURLToPath(new URL('./exit-with-parent.mjs', import.meta.url));

/** How long a child may take to stop before it is killed. */
const stopMs = 15_000;
const firstBackOffMs = 500;
const longestBackOffMs = 30_000;
/** A child that lived so long starts over with the shortest back-off. */
const settledMs = 60_000;

export interface ChildSpec {
  name: string;
  /** Arguments of `node`. */
  args: readonly string[];
  cwd: string;
  env: Record<string, string>;
  logFile: string;
}

interface ChildEvents {
  /** It ended without being asked to and is started again after `inMs`. */
  crash: [{ code: number | null; signal: string | null; inMs: number; lastLines: string }];
}

/** Runs one process for as long as the platform runs: restarts it after a crash, stops it with the platform. */
export class Child extends EventEmitter<ChildEvents> {
  readonly #spec: ChildSpec;
  readonly #log: LogFile;
  #process: ChildProcess | null = null;
  #stopping = false;
  #backOffMs = firstBackOffMs;
  #restart: NodeJS.Timeout | undefined;
  /** The end of its standard error, for the message of a crash. */
  #tail = '';

  constructor(spec: ChildSpec) {
    super();
    this.#spec = spec;
    this.#log = new LogFile(spec.logFile);
  }

  get name(): string {
    return this.#spec.name;
  }

  get pid(): number | undefined {
    return this.#process?.pid;
  }

  start(): void {
    const startedAt = Date.now();
    const child = spawn(process.execPath, ['--import', exitWithParent, ...this.#spec.args], {
      cwd: this.#spec.cwd,
      env: this.#spec.env,
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      // A Ctrl-C goes to the whole terminal group; the platform alone decides the order of stopping.
      detached: true,
    });
    this.#process = child;
    child.stdout?.on('data', (chunk: Buffer) => this.#log.write(chunk));
    child.stderr?.on('data', (chunk: Buffer) => {
      this.#log.write(chunk);
      this.#tail = (this.#tail + chunk.toString('utf8')).slice(-2000);
    });
    child.once('error', (error) => this.#log.write(`could not be started: ${error.message}\n`));
    child.once('close', (code, signal) => {
      this.#process = null;
      if (this.#stopping) return;
      if (Date.now() - startedAt > settledMs) this.#backOffMs = firstBackOffMs;
      this.emit('crash', { code, signal, inMs: this.#backOffMs, lastLines: this.#tail });
      this.#tail = '';
      this.#restart = setTimeout(() => this.start(), this.#backOffMs);
      this.#backOffMs = Math.min(this.#backOffMs * 2, longestBackOffMs);
    });
  }

  /** Asks it to end and waits; kills it when it does not. */
  async stop(): Promise<void> {
    this.#stopping = true;
    clearTimeout(this.#restart);
    const child = this.#process;
    if (child) {
      const gone = new Promise<void>((resolve) => child.once('close', () => resolve()));
      child.kill('SIGTERM');
      const killer = setTimeout(() => child.kill('SIGKILL'), stopMs);
      await gone;
      clearTimeout(killer);
    }
    this.#log.close();
  }
}
