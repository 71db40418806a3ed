import type { GenerateEvent, GenerateUsage } from '@parapet/contracts/serve-worker';

/**
 * What a request has used as far as this gateway saw. The worker's own account, in its last event, replaces it; it
 * is what is billed only when the worker died before it could say.
 */
export class Tally {
  #usage: GenerateUsage = {
    promptTokens: 0,
    cachedTokens: 0,
    completionTokens: 0,
    prefillDeviceMicros: 0,
    decodeDeviceMicros: 0,
    queueMicros: 0,
  };
  #exact = false;
  #began = false;

  take(event: GenerateEvent): void {
    switch (event.type) {
      case 'started':
        this.#began = true;
        this.#usage.promptTokens = event.promptTokens;
        this.#usage.cachedTokens = event.cachedTokens;
        this.#usage.queueMicros = event.queueMicros;
        return;
      case 'text':
        this.#usage.completionTokens += event.tokens;
        return;
      case 'done':
      case 'error':
        this.#usage = event.usage;
        this.#exact = true;
        this.#began ||= event.usage.promptTokens > 0 && event.usage.prefillDeviceMicros > 0;
        return;
    }
  }

  get usage(): GenerateUsage {
    return this.#usage;
  }

  /** True once the worker has given its own account. */
  get exact(): boolean {
    return this.#exact;
  }

  /** True once the engine has worked for the request: then it is settled, else its hold is voided. */
  get began(): boolean {
    return this.#began;
  }
}
