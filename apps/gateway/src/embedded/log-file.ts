import { closeSync, fstatSync, mkdirSync, openSync, renameSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';

/** Two files of this size are kept for each process, so logs never grow past 20 MB. */
const maxBytes = 10 * 1024 * 1024;

/** Appends to a file and starts a new one (`….1` keeps the last) when it is full. A full disk loses log lines only. */
export class LogFile {
  readonly #path: string;
  #file: number;
  #bytes: number;

  constructor(path: string) {
    this.#path = path;
    mkdirSync(dirname(path), { recursive: true });
    this.#file = openSync(path, 'a', 0o600);
    this.#bytes = fstatSync(this.#file).size;
  }

  write(chunk: string | Uint8Array): void {
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
    try {
      if (this.#bytes > 0 && this.#bytes + bytes.length > maxBytes) this.#rotate();
      this.#bytes += writeSync(this.#file, bytes);
    } catch {
      // A full disk must not take the platform down for a log line.
    }
  }

  close(): void {
    closeSync(this.#file);
  }

  #rotate(): void {
    closeSync(this.#file);
    renameSync(this.#path, `${this.#path}.1`);
    this.#file = openSync(this.#path, 'a', 0o600);
    this.#bytes = 0;
  }
}
