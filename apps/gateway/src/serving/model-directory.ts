import type { ControlContext } from '@parapet/control/context';
import type { ServableModel } from '../services.ts';

/** An answer serves this long: a deleted adapter, a moved alias or a new version is in force within a second. */
const freshMs = 900;
const capacity = 10_000;

/** Remembers for a moment which model a name means to a caller, so that a busy key costs one look-up a second. */
export class ModelDirectory {
  readonly #lookUp: (context: ControlContext, name: string) => Promise<ServableModel>;
  readonly #known = new Map<string, { at: number; model: Promise<ServableModel> }>();

  constructor(lookUp: (context: ControlContext, name: string) => Promise<ServableModel>) {
    this.#lookUp = lookUp;
  }

  resolve(context: ControlContext, name: string): Promise<ServableModel> {
    const key = `${callerOf(context)}\0${name}`;
    const now = Date.now();
    const known = this.#known.get(key);
    if (known && now - known.at < freshMs) return known.model;
    const model = this.#lookUp(context, name);
    // A refusal is not remembered: the name may come to life at any moment, as a finished job's does.
    model.catch(() => this.#known.delete(key));
    this.#known.delete(key);
    this.#known.set(key, { at: now, model });
    if (this.#known.size > capacity) this.#known.delete(this.#known.keys().next().value!);
    return model;
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
