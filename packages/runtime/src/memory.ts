import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { koffi } from './ffi.ts';

/** A block of memory on one device, addressed natively. */
export interface Memory {
  readonly address: bigint;
  readonly byteLength: number;
  readonly device: 'cpu' | 'cuda';
}

const protRead = 1;
const protWrite = 2;
const mapPrivate = 2;
const mapAnonymous = 0x20;
const mapNoReserve = 0x4000;
const adviseDontNeed = 4;
const adviseHugePage = 14;
const adviseNoHugePage = 15;
const linuxPageBytes = 4096;
const hugePageBytes = 2 << 20;

/** mmap and friends, on Linux; null elsewhere, where plain buffers stand in. */
const libc = (() => {
  if (process.platform !== 'linux') return null;
  const handle = koffi.load(null);
  return {
    handle,
    mmap: handle.func('int64_t mmap(void *, size_t, int, int, int, int64_t)') as (
      ...args: [null, number, number, number, number, number]
    ) => number | bigint,
    munmap: handle.func('int munmap(void *, size_t)') as (address: bigint, bytes: number) => number,
    madvise: handle.func('int madvise(void *, size_t, int)') as (
      address: bigint,
      bytes: number,
      advice: number,
    ) => number,
  };
})();

function map(bytes: number, protection: number, flags: number, descriptor: number): bigint {
  const address = BigInt(libc!.mmap(null, bytes, protection, flags, descriptor, 0));
  if (address === -1n) throw new Error(`The system refused to map ${bytes} bytes (errno ${koffi.errno()}).`);
  return address;
}

/** Anonymous memory of whole huge pages, its start aligned to one. */
function mapHugePages(bytes: number): { address: bigint; mapping: { address: bigint; byteLength: number } } {
  const byteLength = Math.ceil(bytes / hugePageBytes + 1) * hugePageBytes;
  const mapping = { address: map(byteLength, protRead | protWrite, mapPrivate | mapAnonymous, -1), byteLength };
  const page = BigInt(hugePageBytes);
  const address = ((mapping.address + page - 1n) / page) * page;
  libc!.madvise(address, byteLength - hugePageBytes, adviseHugePage);
  return { address, mapping };
}

/**
 * Host memory that is reserved at once but occupied only where it was touched, and can be given back by the page: what
 * a KV cache of many rows needs (the address space of a row is the whole context, its memory what it has filled). With
 * `hugePages` it is occupied by 2 MB at a time: for what is small, filled whole and read all the time.
 */
export class HostMemory implements Memory {
  readonly device = 'cpu';
  private readonly fallback: Uint8Array | null;
  readonly address: bigint;
  private readonly mapping: { address: bigint; byteLength: number };

  constructor(
    readonly byteLength: number,
    { hugePages = false } = {},
  ) {
    this.fallback = libc === null ? new Uint8Array(byteLength) : null;
    if (this.fallback !== null) {
      this.address = koffi.address(this.fallback);
      this.mapping = { address: this.address, byteLength };
    } else if (hugePages) {
      ({ address: this.address, mapping: this.mapping } = mapHugePages(byteLength));
    } else {
      this.address = map(byteLength, protRead | protWrite, mapPrivate | mapAnonymous | mapNoReserve, -1);
      this.mapping = { address: this.address, byteLength };
      libc!.madvise(this.address, byteLength, adviseNoHugePage); // a huge page would occupy 2 MB at the first touch
    }
  }

  /** A view of part of it, no copy. */
  bytes(byteOffset = 0, byteLength = this.byteLength - byteOffset): Uint8Array {
    if (this.fallback !== null) return this.fallback.subarray(byteOffset, byteOffset + byteLength);
    return new Uint8Array(koffi.view(this.address + BigInt(byteOffset), byteLength));
  }

  /** Floats of part of it; both offsets in elements. */
  floats(offset: number, length: number): Float32Array {
    const bytes = this.bytes(offset * 4, length * 4);
    return new Float32Array(bytes.buffer, bytes.byteOffset, length);
  }

  /** Gives the whole pages inside the range back to the system; they read as zero afterwards. */
  giveBack(byteOffset: number, byteLength: number): void {
    if (libc === null) return;
    const from = Math.ceil(byteOffset / linuxPageBytes) * linuxPageBytes;
    const to = Math.floor((byteOffset + byteLength) / linuxPageBytes) * linuxPageBytes;
    if (to > from) libc.madvise(this.address + BigInt(from), to - from, adviseDontNeed);
  }

  /** Unmaps it. No tensor over it may be used afterwards. */
  release(): void {
    if (libc !== null) libc.munmap(this.mapping.address, this.mapping.byteLength);
  }
}

/**
 * A file's bytes in memory, mapped and shared between processes where the system can, read elsewhere. With `hugePages`
 * they are read into memory of the process's own in pages of 2 MB: streaming through them is a fifth faster.
 */
export class FileMemory implements Memory {
  readonly device = 'cpu';
  readonly address: bigint;
  readonly byteLength: number;
  private readonly fallback: Uint8Array | null = null;
  /** What was mapped, where it is not just the file. */
  private readonly mapping: { address: bigint; byteLength: number } | null = null;

  constructor(path: string, { hugePages = false } = {}) {
    const descriptor = openSync(path, 'r');
    try {
      this.byteLength = fstatSync(descriptor).size;
      if (libc !== null && !hugePages) {
        this.address = map(this.byteLength, protRead, mapPrivate, descriptor);
        return;
      }
      let bytes: Uint8Array;
      if (libc !== null) {
        ({ address: this.address, mapping: this.mapping } = mapHugePages(this.byteLength));
        bytes = new Uint8Array(koffi.view(this.address, this.byteLength));
      } else {
        bytes = this.fallback = new Uint8Array(this.byteLength);
        this.address = koffi.address(this.fallback);
      }
      for (let at = 0; at < this.byteLength; ) {
        const read = readSync(descriptor, bytes, at, Math.min(1 << 28, this.byteLength - at), at);
        if (read === 0) throw new Error(`${path} ended early.`);
        at += read;
      }
    } finally {
      closeSync(descriptor);
    }
  }

  /** Lets the mapped pages go; what is touched again is read from the file again. */
  dropPages(): void {
    // Only what the file holds as well may go.
    if (libc === null || this.fallback !== null || this.mapping !== null) return;
    libc.madvise(this.address, this.byteLength, adviseDontNeed);
  }

  release(): void {
    if (libc === null || this.fallback !== null) return;
    const { address, byteLength } = this.mapping ?? this;
    libc.munmap(address, byteLength);
  }
}
