import { describe, expect, it } from 'vitest';
import { Random } from '../random.ts';
import { readBlocks, toFloat32 } from './blocks.ts';
import { unpermuteRows } from './gguf.ts';
import { bfloat16ToNumber, halfToNumber, transpose } from './numeric.ts';

describe('number formats', () => {
  it('widens half precision exactly', () => {
    expect([0x3c00, 0xc000, 0x7bff, 0x0001, 0x0400, 0x8000, 0x3555].map(halfToNumber)).toEqual([
      1,
      -2,
      65504,
      2 ** -24,
      2 ** -14,
      -0,
      0.333251953125,
    ]);
    expect(halfToNumber(0x7c00)).toBe(Number.POSITIVE_INFINITY);
    expect(halfToNumber(0x7e00)).toBeNaN();
  });

  it('widens bfloat16 exactly', () => {
    expect([0x3f80, 0xc000, 0x3eab].map(bfloat16ToNumber)).toEqual([1, -2, 0.333984375]);
  });

  it('takes q4_1 apart: low nibbles first, w = d·q + m', () => {
    const raw = new Uint8Array(20);
    raw.set([0x00, 0x38, 0x00, 0xbc]); // d = 0.5, m = −1
    for (let i = 0; i < 16; i++) raw[4 + i] = i | ((15 - i) << 4);
    const { q, scale, min } = readBlocks('q4_1', raw, 32);
    expect([...q]).toEqual([...Array(16).keys(), ...[...Array(16).keys()].reverse()]);
    expect([scale[0], min?.[0]]).toEqual([0.5, -1]);
    expect([...toFloat32('q4_1', raw, 32).subarray(0, 3)]).toEqual([-1, -0.5, 0]);
  });

  it('takes q8_0 apart: signed, w = d·q', () => {
    const raw = new Uint8Array(34);
    raw.set([0x00, 0x34, 0x80, 0x7f, 0xff]); // d = 0.25
    expect([...toFloat32('q8_0', raw, 32).subarray(0, 3)]).toEqual([-32, 31.75, -0.25]);
  });

  it('refuses a wrong number of bytes', () => {
    expect(() => toFloat32('q8_0', new Uint8Array(33), 32)).toThrow(/take 34 bytes, not 33/);
  });
});

it('transposes any shape', () => {
  const data = new Random(3).normals(70 * 33, 1);
  const back = transpose(transpose(data, 70, 33), 33, 70);
  expect(back).toEqual(data);
  expect(transpose(data, 70, 33)[1]).toBe(data[33]);
});

it('puts interleaved rotary rows back in halves', () => {
  // 2 heads of 4 rows, one byte a row: the file has 0, 2, 1, 3 of each head.
  expect([...unpermuteRows(new Uint8Array([0, 2, 1, 3, 4, 6, 5, 7]), 2, 4)]).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
});
