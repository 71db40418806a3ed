/**
 * Symbolic dimensions: a number, or a polynomial with integer coefficients over names, written canonically
 * (`"B"`, `"B*S"`, `"P+S"`, `"2*S-1"`), so that equal dimensions are equal strings.
 */
export type Dim = number | string;
export type Shape = readonly Dim[];

/** Monomial (sorted names joined by `*`, `''` for the constant) → coefficient. */
type Polynomial = Map<string, number>;

function parse(dim: Dim): Polynomial {
  if (typeof dim === 'number') return new Map(dim === 0 ? [] : [['', dim]]);
  const result: Polynomial = new Map();
  for (const [, sign, term] of dim.matchAll(/([+-]?)([^+-]+)/g)) {
    let coefficient = sign === '-' ? -1 : 1;
    const names: string[] = [];
    for (const factor of term!.split('*')) {
      if (/^\d+$/.test(factor)) coefficient *= Number(factor);
      else names.push(factor);
    }
    const key = names.sort().join('*');
    result.set(key, (result.get(key) ?? 0) + coefficient);
  }
  return result;
}

function format(polynomial: Polynomial): Dim {
  const terms = [...polynomial]
    .filter(([, c]) => c !== 0)
    .sort(([a], [b]) => (a === '' ? 1 : b === '' ? -1 : a < b ? -1 : 1));
  if (terms.length === 0) return 0;
  if (terms.length === 1 && terms[0]![0] === '') return terms[0]![1];
  let text = '';
  for (const [names, c] of terms) {
    const size = Math.abs(c);
    const body = names === '' ? `${size}` : size === 1 ? names : `${size}*${names}`;
    text += c < 0 ? `-${body}` : text === '' ? body : `+${body}`;
  }
  return text;
}

/** The canonical form; throws on a name that could be read as an expression. */
export function canonicalDim(dim: Dim): Dim {
  return format(parse(dim));
}

export function addDims(a: Dim, b: Dim): Dim {
  if (typeof a === 'number' && typeof b === 'number') return a + b;
  const sum = parse(a);
  for (const [names, c] of parse(b)) sum.set(names, (sum.get(names) ?? 0) + c);
  return format(sum);
}

export function subDims(a: Dim, b: Dim): Dim {
  return addDims(a, mulDims(b, -1));
}

export function mulDims(a: Dim, b: Dim): Dim {
  if (typeof a === 'number' && typeof b === 'number') return a * b;
  const product: Polynomial = new Map();
  for (const [x, cx] of parse(a)) {
    for (const [y, cy] of parse(b)) {
      const key = [...x.split('*'), ...y.split('*')]
        .filter((name) => name !== '')
        .sort()
        .join('*');
      product.set(key, (product.get(key) ?? 0) + cx * cy);
    }
  }
  return format(product);
}

/** Exact quotient by a monomial, or undefined where there is none. */
export function divDims(a: Dim, b: Dim): Dim | undefined {
  if (typeof a === 'number' && typeof b === 'number') return Number.isInteger(a / b) ? a / b : undefined;
  if (a === b) return 1;
  const divisor = [...parse(b)];
  if (divisor.length !== 1) return undefined;
  const [names, coefficient] = divisor[0]!;
  const quotient: Polynomial = new Map();
  for (const [x, c] of parse(a)) {
    const rest = x === '' ? [] : x.split('*');
    for (const name of names === '' ? [] : names.split('*')) {
      const at = rest.indexOf(name);
      if (at < 0) return undefined;
      rest.splice(at, 1);
    }
    if (!Number.isInteger(c / coefficient)) return undefined;
    quotient.set(rest.join('*'), c / coefficient);
  }
  return format(quotient);
}

export function productOf(dims: Shape): Dim {
  return dims.reduce<Dim>(mulDims, 1);
}

/** Terms of a dimension: names of each monomial with its coefficient. */
export function dimTerms(dim: Dim): { names: string[]; coefficient: number }[] {
  return [...parse(dim)].map(([names, coefficient]) => ({ names: names === '' ? [] : names.split('*'), coefficient }));
}

/** The number a dimension stands for, given each name's. Throws on a name without one. */
export function dimValue(dim: Dim, bindings: Readonly<Record<string, number>>): number {
  if (typeof dim === 'number') return dim;
  let value = 0;
  for (const { names, coefficient } of dimTerms(dim)) {
    let term = coefficient;
    for (const name of names) {
      const bound = bindings[name];
      if (bound === undefined) throw new Error(`Dimension "${name}" has no value.`);
      term *= bound;
    }
    value += term;
  }
  return value;
}

/**
 * The shape both broadcast to, by numpy's rule. A name meets a number as that number (the runtime checks it);
 * two different names are refused: they may differ.
 */
export function broadcast(a: Shape, b: Shape): Dim[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, i) => {
    const x = a[i - rank + a.length] ?? 1;
    const y = b[i - rank + b.length] ?? 1;
    if (x === y || y === 1) return x;
    if (x === 1) return y;
    if (typeof x === 'string' && typeof y === 'number') return y;
    if (typeof x === 'number' && typeof y === 'string') return x;
    throw new Error(`Shapes [${a.join(', ')}] and [${b.join(', ')}] do not broadcast.`);
  });
}

/** Negative axes count from the end. */
export function normalAxis(axis: number, rank: number): number {
  const at = axis < 0 ? axis + rank : axis;
  if (at < 0 || at >= rank) throw new Error(`Axis ${axis} is out of range for rank ${rank}.`);
  return at;
}
