import { readFileSync } from 'node:fs';
import type { Accelerator, CompiledKernels } from '@parapet/runtime/accelerator';

const shared = new URL('./reductions.cu', import.meta.url);

/** Compiled kernels by their text: layers, batches of one size and later plans share them. */
export class KernelLibrary {
  readonly #handles = new Map<string, bigint>();
  readonly #modules: CompiledKernels[] = [];
  #source: string | null = null;

  constructor(private readonly accelerator: Accelerator) {}

  /** How many times something new was compiled. */
  get modules(): number {
    return this.#modules.length;
  }

  /** Compiles those that are new, all in one go. */
  compile(texts: Iterable<string>): void {
    const missing = [...new Set(texts)].filter((text) => !this.#handles.has(text));
    if (missing.length === 0) return;
    this.#source ??= readFileSync(shared, 'utf8');
    const named = missing.map((text, i) => `extern "C" __global__ void made${i}${text}`);
    const compiled = this.accelerator.compile([this.#source, ...named].join('\n\n'), {});
    this.#modules.push(compiled);
    missing.forEach((text, i) => {
      this.#handles.set(text, compiled.kernel(`made${i}`));
    });
  }

  handle(text: string): bigint {
    return this.#handles.get(text)!;
  }

  /** Takes all of them off the device; programs made with them must be released before. */
  release(): void {
    for (const module of this.#modules.splice(0)) module.release();
    this.#handles.clear();
  }
}
