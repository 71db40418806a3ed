/** A value as it stands in an address. */
export const textOf = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

/** A generator of its own (mulberry32), so that a seed names a trial. */
export function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** What no schema expects. */
export const odd: unknown[] = [
  null,
  true,
  -1,
  0,
  1.5,
  1e308,
  -0,
  '',
  'x',
  '\u0000',
  '💥'.repeat(50),
  'a'.repeat(5000),
  [],
  {},
  [[]],
  [null],
  { ['__proto__']: null },
  2 ** 53,
  '../../etc/passwd',
  "'; drop table users; --",
  '%00',
  'file-x',
  'ftjob-x',
  'smollm2-135m-instruct',
];

/** A value with some of its parts left out, replaced by odd ones, or joined by fields of these names. */
export function mutated(value: unknown, random: () => number, fields: readonly string[], depth = 0): unknown {
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
  if (random() < 0.15 || depth > 4) return pick(odd);
  if (Array.isArray(value))
    return value.flatMap((one) => (random() < 0.1 ? [] : [mutated(one, random, fields, depth + 1)]));
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).map(([name, one]) => [name, mutated(one, random, fields, depth + 1)]);
    if (random() < 0.4) entries.push([pick(fields), pick(odd)]);
    return Object.fromEntries(entries);
  }
  return random() < 0.2 ? pick(odd) : value;
}
