import { debugWanted } from './env.ts';

const interactive = process.stdout.isTTY === true;

/** Ends with one sentence a person can act on; the stack only where PARAPET_DEBUG asks for it. */
export function fail(error: unknown): never {
  const sentence = error instanceof Error ? error.message : String(error);
  console.error(`parapet: ${sentence}`);
  if (debugWanted() && error instanceof Error) console.error(error.stack);
  process.exit(1);
}

export function heading(text: string): void {
  console.log(interactive ? `\n\x1b[1m${text}\x1b[0m` : `\n${text}`);
}

export function line(text: string): void {
  console.log(`  ${text}`);
}

/** One line that is overwritten on a terminal; in a log, at most one line every few seconds. */
export class ProgressLine {
  private lastPrinted = 0;

  constructor(private readonly logIntervalMs = 10_000) {}

  update(text: string): void {
    if (interactive) {
      process.stdout.write(`\r\x1b[K  ${text}`);
      this.lastPrinted = Date.now();
    } else if (Date.now() - this.lastPrinted >= this.logIntervalMs) {
      line(text);
      this.lastPrinted = Date.now();
    }
  }

  end(text: string): void {
    if (interactive) process.stdout.write('\r\x1b[K');
    line(text);
  }
}

export function formatBytes(bytes: number): string {
  return bytes >= 1e9 ? `${(bytes / 1e9).toFixed(1)} GB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

export function formatDuration(seconds: number): string {
  if (!Number.isFinite(seconds)) return '–';
  const whole = Math.max(0, Math.round(seconds));
  return whole < 60 ? `${whole} s` : `${Math.floor(whole / 60)} min ${whole % 60} s`;
}
