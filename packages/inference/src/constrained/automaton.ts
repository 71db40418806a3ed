import type { Part } from './grammar.ts';

/** A part under way, and what comes after it. `at` is the part's own state. */
interface Frame {
  part: Part;
  at: number;
  /** Characters or digits so far, where a part counts them. */
  count: number;
  next: Frame | null;
}

/** All that may be under way at once (`null` = the text is complete). Never changed: a byte makes a new state. */
export interface State {
  readonly alternatives: readonly (Frame | null)[];
  readonly key: string;
}

/** States within a string: before the quote, within, behind a backslash, in \uXXXX, in a character of several bytes. */
const str = { open: 0, within: 1, escape: 2, hex: 3, continued: 7 } as const;
/** States of a number, in the order of RFC 8259's grammar. */
const num = { start: 0, minus: 1, zero: 2, int: 3, dot: 4, fraction: 5, e: 6, sign: 7, exponent: 8 } as const;
const numberMayEnd = new Set<number>([num.zero, num.int, num.fraction, num.exponent]);
/** Digits of a number: what a double holds. */
const mostDigits = 16;

const mark = (character: string) => character.charCodeAt(0);
const [quote, backslash, minus, dot, zero, nine] = ['"', '\\', '-', '.', '0', '9'].map(mark) as [
  number,
  number,
  number,
  number,
  number,
  number,
];
const escapes = new Set([...'"\\/bfnrtu'].map(mark));

export function startState(part: Part): State {
  const found: (Frame | null)[] = [];
  expand({ part, at: 0, count: 0, next: null }, found);
  return stateOf(found);
}

/** The state after one more byte, or null when it can't come. */
export function advance(state: State, byte: number): State | null {
  const { alternatives } = state;
  if (alternatives.length === 1) {
    const only = alternatives[0]!;
    // The common case, plain text in a string without a limit, changes nothing.
    if (
      only?.part.kind === 'string' &&
      only.at === str.within &&
      only.part.max === Number.POSITIVE_INFINITY &&
      only.part.min <= only.count
    ) {
      if (byte >= 0x20 && byte < 0x80 && byte !== quote && byte !== backslash) return state;
    }
  }
  const found: (Frame | null)[] = [];
  for (const frame of alternatives) if (frame !== null) consume(frame, byte, found);
  return found.length === 0 ? null : stateOf(found);
}

/** Whether the text may end here. */
export function mayEnd(state: State): boolean {
  return state.alternatives.includes(null);
}

/** Whether it must. */
export function mustEnd(state: State): boolean {
  return state.alternatives.every((frame) => frame === null);
}

function stateOf(found: (Frame | null)[]): State {
  const unique = new Map<string, Frame | null>();
  for (const frame of found) unique.set(keyOf(frame), frame);
  return { alternatives: [...unique.values()], key: [...unique.keys()].sort().join('|') };
}

function keyOf(frame: Frame | null): string {
  let key = '';
  for (let at = frame; at !== null; at = at.next) key += `${at.part.id}.${at.at}.${at.count},`;
  return key;
}

/** Replaces structure at the top by the consuming parts that may come. */
function expand(frame: Frame | null, found: (Frame | null)[]): void {
  if (frame === null) {
    found.push(null);
    return;
  }
  const { part, next } = frame;
  switch (part.kind) {
    case 'choice':
      for (const option of part.options) expand({ part: option, at: 0, count: 0, next }, found);
      return;
    case 'lazy':
      expand({ part: part.get(), at: 0, count: 0, next }, found);
      return;
    case 'sequence': {
      let chain = next;
      for (let i = part.parts.length - 1; i >= 0; i--) chain = { part: part.parts[i]!, at: 0, count: 0, next: chain };
      expand(chain, found);
      return;
    }
    default:
      found.push(frame);
      if (part.kind === 'number' && numberMayEnd.has(frame.at)) expand(next, found);
  }
}

function consume(frame: Frame, byte: number, found: (Frame | null)[]): void {
  const { part } = frame;
  if (part.kind === 'literal') {
    if (part.bytes[frame.at] !== byte) return;
    if (frame.at + 1 === part.bytes.length) expand(frame.next, found);
    else found.push({ ...frame, at: frame.at + 1 });
  } else if (part.kind === 'string') consumeString(frame, part, byte, found);
  else if (part.kind === 'number') consumeNumber(frame, part.integer, byte, found);
}

function consumeString(
  frame: Frame,
  part: Extract<Part, { kind: 'string' }>,
  byte: number,
  found: (Frame | null)[],
): void {
  const counts = part.max !== Number.POSITIVE_INFINITY || frame.count < part.min;
  const go = (at: number, characters = 0) => {
    const count = counts ? frame.count + characters : frame.count;
    if (count <= part.max) found.push({ ...frame, at, count });
  };
  const { at } = frame;
  if (at === str.open) {
    if (byte === quote) go(str.within);
  } else if (at === str.within) {
    if (byte === quote) {
      if (frame.count >= part.min) expand(frame.next, found);
    } else if (byte === backslash) go(str.escape, 1);
    else if (byte >= 0x20 && byte < 0x80) go(str.within, 1);
    else if (byte >= 0xc2 && byte < 0xe0) go(str.continued, 1);
    else if (byte >= 0xe0 && byte < 0xf0) go(str.continued + 1, 1);
    else if (byte >= 0xf0 && byte < 0xf5) go(str.continued + 2, 1);
  } else if (at === str.escape) {
    if (byte === mark('u')) go(str.hex);
    else if (escapes.has(byte)) go(str.within);
  } else if (at < str.continued) {
    if (isHex(byte)) go(at + 1 === str.continued ? str.within : at + 1);
  } else if (byte >= 0x80 && byte < 0xc0) go(at === str.continued ? str.within : at - 1);
}

function consumeNumber(frame: Frame, integer: boolean, byte: number, found: (Frame | null)[]): void {
  const digit = byte >= zero && byte <= nine;
  const go = (at: number) => {
    const count = digit ? frame.count + 1 : frame.count;
    if (count <= mostDigits) expand({ ...frame, at, count }, found);
  };
  const { at } = frame;
  const exponentMark = byte === mark('e') || byte === mark('E');
  if (at === num.start || at === num.minus) {
    if (at === num.start && byte === minus) found.push({ ...frame, at: num.minus });
    else if (byte === zero) go(num.zero);
    else if (digit) go(num.int);
  } else if (at === num.zero || at === num.int) {
    if (at === num.int && digit) go(num.int);
    else if (!integer && byte === dot) found.push({ ...frame, at: num.dot });
    else if (!integer && exponentMark) found.push({ ...frame, at: num.e });
  } else if (at === num.dot || at === num.fraction) {
    if (digit) go(num.fraction);
    else if (at === num.fraction && exponentMark) found.push({ ...frame, at: num.e });
  } else if (at === num.e && (byte === minus || byte === mark('+'))) found.push({ ...frame, at: num.sign });
  else if (digit) go(num.exponent);
}

function isHex(byte: number): boolean {
  return (byte >= zero && byte <= nine) || (byte >= 0x41 && byte <= 0x46) || (byte >= 0x61 && byte <= 0x66);
}
