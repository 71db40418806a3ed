import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { type UsageReport, usageReportSchema } from '@parapet/contracts/serve-worker';

/** Reports in one heartbeat. */
const batchSize = 1000;
/** Lines after which the file is written anew. */
const compactAfter = 5000;

/**
 * Finished requests' usage until the gateway has acknowledged it, in a file: a report survives this process and the
 * gateway. A report may be sent twice; settlement is once by request id.
 */
export class Outbox {
  private readonly reports = new Map<string, UsageReport>();
  private readonly path: string;
  private lines = 0;

  /** @param folder a worker that ended without delivering left its file there: it is taken over */
  constructor(private readonly folder: string) {
    mkdirSync(folder, { recursive: true });
    this.path = join(folder, `${process.pid}.jsonl`);
    for (const name of readdirSync(folder)) {
      const pid = Number(/^(\d+)\.jsonl$/.exec(name)?.[1]);
      if (!pid || (pid !== process.pid && isAlive(pid))) continue;
      this.read(join(folder, name));
      if (pid !== process.pid) this.adopted.push(join(folder, name));
    }
    this.compact();
    for (const file of this.adopted) rmSync(file, { force: true });
  }

  private readonly adopted: string[] = [];

  get size(): number {
    return this.reports.size;
  }

  add(report: UsageReport): void {
    this.reports.set(report.requestId, report);
    appendFileSync(this.path, `${JSON.stringify(report)}\n`);
    if (++this.lines > compactAfter) this.compact();
  }

  /** What to send next, oldest first. */
  pending(): UsageReport[] {
    return [...this.reports.values()].slice(0, batchSize);
  }

  acknowledge(requestIds: readonly string[]): void {
    if (requestIds.length === 0) return;
    for (const id of requestIds) this.reports.delete(id);
    if (this.reports.size === 0 || this.lines > compactAfter) this.compact();
  }

  private read(path: string): void {
    for (const line of readFileSync(path, 'utf8').split('\n')) {
      if (line === '') continue;
      try {
        const report = usageReportSchema.parse(JSON.parse(line));
        this.reports.set(report.requestId, report);
      } catch {
        // the last line of a process that was killed while writing
      }
    }
  }

  private compact(): void {
    if (!existsSync(this.folder)) return;
    writeFileSync(
      `${this.path}.part`,
      [...this.reports.values()].map((report) => `${JSON.stringify(report)}\n`).join(''),
    );
    renameSync(`${this.path}.part`, this.path);
    this.lines = this.reports.size;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
