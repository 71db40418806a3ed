/**
 * What may come next, as a tree of small parts over bytes. `choice` and `sequence` are structure; the others consume
 * bytes. `lazy` closes cycles.
 */
export type Part =
  | { id: number; kind: 'literal'; bytes: Uint8Array }
  /** A JSON string with its quotes; lengths in characters. */
  | { id: number; kind: 'string'; min: number; max: number }
  | { id: number; kind: 'number'; integer: boolean }
  | { id: number; kind: 'choice'; options: readonly Part[] }
  | { id: number; kind: 'sequence'; parts: readonly Part[] }
  | { id: number; kind: 'lazy'; get: () => Part };

/** Makes parts with ids of their own: equal ids mean the same part, so that states can be compared. */
export class PartFactory {
  private next = 0;

  literal(text: string): Part {
    return { id: this.next++, kind: 'literal', bytes: new TextEncoder().encode(text) };
  }

  string(min = 0, max = Number.POSITIVE_INFINITY): Part {
    return { id: this.next++, kind: 'string', min, max };
  }

  number(integer: boolean): Part {
    return { id: this.next++, kind: 'number', integer };
  }

  choice(options: readonly Part[]): Part {
    return options.length === 1 ? options[0]! : { id: this.next++, kind: 'choice', options };
  }

  sequence(parts: readonly Part[]): Part {
    return parts.length === 1 ? parts[0]! : { id: this.next++, kind: 'sequence', parts };
  }

  lazy(build: () => Part): Part {
    let built: Part | null = null;
    return {
      id: this.next++,
      kind: 'lazy',
      get: () => {
        built ??= build();
        return built;
      },
    };
  }
}
