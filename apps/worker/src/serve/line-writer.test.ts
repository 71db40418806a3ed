import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { LineWriters } from './line-writer.ts';

function sink() {
  const writes: string[] = [];
  return { writes, destroyed: false, write: (text: string) => writes.push(text) > 0 };
}

describe('LineWriters', () => {
  it('writes every line at once while there are few streams', () => {
    const writers = new LineWriters();
    const to = sink();
    const writer = writers.add(to);
    writer.write('a');
    writer.write('b');
    expect(to.writes).toEqual(['a\n', 'b\n']);
  });

  it('gathers fast lines of many streams, loses none and keeps their order', async () => {
    const writers = new LineWriters();
    const sinks = Array.from({ length: 100 }, sink);
    const all = sinks.map((to) => writers.add(to));
    for (const line of ['a', 'b', 'c']) for (const writer of all) writer.write(line);
    expect(sinks.every(({ writes }) => writes.length === 1)).toBe(true);
    await sleep(writers.waitMs * 4);
    expect(sinks.map(({ writes }) => writes)).toEqual(sinks.map(() => ['a\n', 'b\nc\n']));
    await sleep(writers.waitMs * 2);
    all[0]!.write('d'); // after a pause: at once
    all[0]!.write('e');
    all[0]!.close();
    expect(sinks[0]!.writes).toEqual(['a\n', 'b\nc\n', 'd\n', 'e\n']);
  });

  it('writes nothing to a reader that is gone, and forgets those that ended', () => {
    const writers = new LineWriters();
    const sinks = Array.from({ length: 100 }, sink);
    const all = sinks.map((to) => writers.add(to));
    expect(writers.waitMs).toBeGreaterThan(0);
    all[0]!.write('a');
    all[0]!.write('b');
    sinks[0]!.destroyed = true;
    for (const writer of all) writer.close();
    expect(sinks[0]!.writes).toEqual(['a\n']);
    expect(writers.waitMs).toBe(0);
  });
});
