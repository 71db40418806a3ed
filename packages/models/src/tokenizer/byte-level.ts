/** GPT-2's printable alphabet of bytes (`bytes_to_unicode`): every byte is one character of a token's name. */

export const byteOfCharacter: ReadonlyMap<string, number> = new Map(
  (() => {
    const printable: number[] = [];
    for (let b = 33; b <= 126; b++) printable.push(b);
    for (let b = 161; b <= 172; b++) printable.push(b);
    for (let b = 174; b <= 255; b++) printable.push(b);
    const pairs: [string, number][] = printable.map((b) => [String.fromCodePoint(b), b]);
    let next = 256;
    for (let b = 0; b < 256; b++) if (!printable.includes(b)) pairs.push([String.fromCodePoint(next++), b]);
    return pairs;
  })(),
);

/** The bytes behind a token's name, or null when it has a character outside the alphabet. */
export function bytesOfName(name: string): Uint8Array | null {
  const out = new Uint8Array(name.length);
  let count = 0;
  for (const character of name) {
    const byte = byteOfCharacter.get(character);
    if (byte === undefined) return null;
    out[count++] = byte;
  }
  return out.subarray(0, count);
}
