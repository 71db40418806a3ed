import type { FastifyInstance } from 'fastify';

/** Every route that is served, as the tests of access walk them and as a 405 is told from a 404. */
export class RouteTable {
  readonly entries: { method: string; path: string }[] = [];
  readonly #patterns: { methods: Set<string>; pattern: RegExp }[] = [];

  /** Call before any route is added. */
  watch(app: FastifyInstance): void {
    app.addHook('onRoute', (route) => {
      const methods = [route.method].flat();
      for (const method of methods) this.entries.push({ method, path: route.url });
      const source = route.url
        .replace(/[.+?^${}()|[\]\\]/g, '\\$&')
        .replace(/:\w+/g, '[^/]+')
        .replace(/\*/g, '.*');
      this.#patterns.push({ methods: new Set(methods), pattern: new RegExp(`^${source}/?$`) });
    });
  }

  /** Methods that some route takes at this path; empty = there is no such path. */
  methodsAt(path: string): string[] {
    const found = new Set<string>();
    for (const { methods, pattern } of this.#patterns) {
      if (pattern.test(path)) for (const method of methods) found.add(method);
    }
    return [...found];
  }
}
