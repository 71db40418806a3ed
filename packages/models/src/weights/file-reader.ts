import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

/** Random access to one file. Reads are synchronous: weights are read in a process that has nothing else to do. */
export class FileReader {
  private fd: number | null;
  readonly size: number;

  constructor(readonly path: string) {
    this.fd = openSync(path, 'r');
    this.size = fstatSync(this.fd).size;
  }

  /** @throws RangeError when the file ends before `length` bytes are read. */
  read(offset: number, length: number): Uint8Array {
    if (this.fd === null) throw new Error(`${this.path} is closed`);
    const out = new Uint8Array(length);
    let done = 0;
    while (done < length) {
      const count = readSync(this.fd, out, done, Math.min(length - done, 1 << 30), offset + done);
      if (count === 0) throw new RangeError(`${this.path} ends ${length - done} bytes too early: it is cut off`);
      done += count;
    }
    return out;
  }

  close(): void {
    if (this.fd !== null) closeSync(this.fd);
    this.fd = null;
  }
}
