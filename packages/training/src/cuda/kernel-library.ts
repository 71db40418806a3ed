import { readFileSync } from 'node:fs';
import type { Accelerator } from '@parapet/runtime/accelerator';

const shared = new URL('./reductions.cu', import.meta.url);

/** Compiled kernels by their text: layers, batches of one size and later plans share them. */
export class KernelLibrary {
  readonly #handles = new Map<string, bigint>();
  #source: string | null = null;

  constructor(private readonly accelerator: Accelerator) {}

  /** Compiles those that are new, all in one go. */
  compile(texts: Iterable<string>): void {
    const missing = [...new Set(texts)].filter((text) => !this.#handles.has(text));
    if (missing.length === 0) return;
    this.#source ??= readFileSync(shared, 'utf8');
    const first = this.#handles.size;
    const named = missing.map((text, i) => `extern "C" __global__ void made${first + i}${text}`);
    const compiled = this.accelerator.compile([this.#source, ...named].join('\n\n'), {});
    missing.forEach((text, i) => {
      this.#handles.set(text, compiled.kernel(`made${first + i}`));
    });
  }

  handle(text: string): bigint {
    return this.#handles.get(text)!;
  }
}
