import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ModelTaskFinish, ModelTaskLease } from '@parapet/contracts/model-task';
import type { WeightKind } from '@parapet/inference/weights';
import type { Logger } from 'pino';
import type { ModelTaskLink } from './model-task-link.ts';
import type { TaskOrder, TaskWord } from './task-message.ts';

/** Between two looks for a task, and between two reports, which renew its lease. */
const usualMs = 3000;
/** How long a stopping worker tries to tell the end of its task; else the lease runs out. */
const closeMs = 3000;
/** A task that takes longer has hung; a 135M model's takes well under a minute. */
const longestMs = 30 * 60_000;

const folder = fileURLToPath(new URL('.', import.meta.url));
const entry = join(folder, 'task-process.ts');

export interface ModelTasksOptions {
  link: ModelTaskLink;
  /** Of the worker, as the fleet knows it. */
  worker: string;
  baseDigest: string;
  /** Folder or .gguf file of the model that this worker has. */
  modelPath: string;
  data: string;
  served: WeightKind;
  log: Logger;
  everyMs?: number;
}

/** Does what admins ask for of this worker's base model, one task at a time, each in a process of its own. */
export class ModelTasks {
  private timer: NodeJS.Timeout | undefined;
  private child: ChildProcess | null = null;
  private closed = false;
  private turn: Promise<void> = Promise.resolve();

  constructor(private readonly options: ModelTasksOptions) {}

  start(): void {
    this.schedule();
  }

  /** Ends the running task, which the gateway is told. */
  async close(): Promise<void> {
    this.closed = true;
    clearTimeout(this.timer);
    this.child?.kill('SIGKILL');
    await Promise.race([this.turn, new Promise((resolve) => setTimeout(resolve, closeMs))]);
  }

  private schedule(): void {
    if (this.closed) return;
    this.timer = setTimeout(() => {
      this.turn = this.look()
        .catch((error: unknown) => this.options.log.debug({ err: error }, 'no look for model tasks'))
        .then(() => this.schedule());
    }, this.options.everyMs ?? usualMs);
  }

  private async look(): Promise<void> {
    const { link, worker, baseDigest, log } = this.options;
    const lease = await link.lease({ worker, baseDigest });
    if (lease === null) return;
    log.info({ taskId: lease.taskId, kind: lease.kind }, 'model task leased');
    const outcome = await this.run(lease);
    if (outcome === null) return; // cancelled, or another's now
    log.info({ taskId: lease.taskId, status: outcome.status }, 'model task ended');
    await link.finish(lease.taskId, { fencingToken: lease.fencingToken, outcome });
  }

  private run(lease: ModelTaskLease): Promise<ModelTaskFinish['outcome'] | null> {
    const { link, modelPath, data, served, log } = this.options;
    const { taskId, fencingToken, kind, model, path, weights, baseDigest, recordedFiles } = lease;
    const child = fork(entry, {
      cwd: folder,
      execArgv: ['--import', 'tsx'],
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    this.child = child;
    let tail = '';
    child.stderr?.on('data', (chunk: Buffer) => {
      tail = (tail + chunk.toString('utf8')).slice(-500);
    });
    return new Promise((resolve) => {
      let outcome: ModelTaskFinish['outcome'] | null = null;
      let dropped = false;
      let told: Extract<TaskWord, { type: 'progress' }> = {
        type: 'progress',
        step: kind === 'verify' ? 'files' : 'export',
        done: 0,
      };
      const report = setInterval(() => {
        const { step, done } = told;
        void link.progress(taskId, { fencingToken, step, done }).then((ours) => {
          if (ours) return;
          dropped = true;
          child.kill('SIGKILL');
        });
      }, this.options.everyMs ?? usualMs);
      const hung = setTimeout(() => {
        outcome = { status: 'failed', error: `It took longer than ${longestMs / 60_000} minutes and was ended.` };
        child.kill('SIGKILL');
      }, longestMs);
      child.on('message', (word: TaskWord) => {
        if (word.type === 'progress') told = word;
        else if (word.type === 'failed') outcome = { status: 'failed', error: word.error };
        else outcome = { status: 'succeeded', result: word.result };
      });
      child.on('error', (error) => log.error({ err: error }, 'the process of a model task could not be started'));
      child.on('close', () => {
        clearInterval(report);
        clearTimeout(hung);
        this.child = null;
        if (dropped) return resolve(null);
        if (outcome === null) log.warn({ taskId, stderr: tail }, 'the process of a model task was lost');
        resolve(outcome ?? { status: 'failed', error: lost(this.closed) });
      });
      const order: TaskOrder = {
        ...{ kind, model, weights, baseDigest, recordedFiles, data, served },
        path: path ?? modelPath,
      };
      child.send(order);
    });
  }
}

const lost = (stopping: boolean) =>
  stopping
    ? 'The worker was stopped meanwhile. Start it again.'
    : 'Its process was ended, perhaps for want of memory. Start it again; if that ends the same way, see the worker’s log.';
