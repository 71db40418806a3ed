import type { ControlContext } from '@parapet/control/context';
import type { ServableModel } from '../services.ts';

/** An answer serves this long: a deleted adapter, a moved alias or a new version is in force within a second. */
const validMs = 900;
/** After this long the next use looks it up anew, and nobody waits for that. */
const freshMs = 400;
const capacity = 10_000;

type Known = { at: number; isRefreshing: boolean; model: Promise<ServableModel> };

/** Remembers for a moment which model a name means to a caller, so that a busy key costs two look-ups a second. */
export class ModelDirectory {
  readonly #lookUp: (context: ControlContext, name: string) => Promise<ServableModel>;
  readonly #known = new Map<string, Known>();

  constructor(lookUp: (context: ControlContext, name: string) => Promise<ServableModel>) {
    this.#lookUp = lookUp;
  }

  resolve(context: ControlContext, name: string): Promise<ServableModel> {
    const key = `${callerOf(context)}\0${name}`;
    const now = Date.now();
    const known = this.#known.get(key);
    if (!known || now - known.at >= validMs) {
      const model = this.#lookUp(context, name);
      // A refusal is not remembered: the name may come to life at any moment, as a finished job's does.
      model.catch(() => this.#known.delete(key));
      this.#remember(key, { at: now, isRefreshing: false, model });
      return model;
    }
    if (now - known.at >= freshMs && !known.isRefreshing) {
      known.isRefreshing = true;
      const model = this.#lookUp(context, name);
      model.then(
        () => this.#remember(key, { at: now, isRefreshing: false, model }),
        () => this.#known.delete(key),
      );
    }
    return known.model;
  }

  /** Drops what is known of a name: in this process its end is in force at once. */
  forget(name: string): void {
    for (const key of this.#known.keys()) if (key.endsWith(`\0${name}`)) this.#known.delete(key);
  }

  #remember(key: string, known: Known): void {
    this.#known.delete(key);
    this.#known.set(key, known);
    if (this.#known.size > capacity) this.#known.delete(this.#known.keys().next().value!);
  }
}

/** Keys differ in what they may call, people only in their organisation (and in being suspended or looking on). */
function callerOf({ principal }: ControlContext): string {
  switch (principal.kind) {
    case 'api_key':
      return principal.keyId;
    case 'user':
      return `${principal.userId}\0${principal.tenancy?.id}\0${principal.tenancy?.suspended}`;
    case 'system':
      return 'system';
  }
}
