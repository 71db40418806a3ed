import { describe, expect, it } from 'vitest';
import { formatBytes, formatDuration, formatMoney, formatRelative, shorten } from './format.ts';

describe('format', () => {
  it('writes sizes in powers of 1,024', () => {
    expect([0, 900, 1536, 512 * 1024 ** 2].map(formatBytes)).toEqual(['0 B', '900 B', '1.5 KiB', '512 MiB']);
  });

  it('writes durations as people say them', () => {
    expect([0, 840, 9_400, 12_400, 200_000, 7_500_000, 200_000_000].map(formatDuration)).toEqual([
      '0 ms',
      '840 ms',
      '9.4 s',
      '12 s',
      '3 min 20 s',
      '2 h 5 min',
      '2 d 7 h',
    ]);
  });

  it('keeps the digits of sums below one', () => {
    expect([0, 1_500_000, 42, 1_234_567_890].map((micros) => formatMoney(micros))).toEqual([
      '$0.00',
      '$1.50',
      '$0.000042',
      '$1,234.57',
    ]);
  });

  it('says how long ago it was', () => {
    const now = Date.UTC(2026, 0, 10);
    expect([-5_000, -120_000, -7_200_000, -86_400_000].map((ago) => formatRelative(now + ago, now))).toEqual([
      '5 seconds ago',
      '2 minutes ago',
      '2 hours ago',
      'yesterday',
    ]);
  });

  it('shortens long ids only', () => {
    expect([shorten('key_short'), shorten('ftjob-0123456789abcdefghjkmnpq')]).toEqual(['key_short', 'ftjob-0123…mnpq']);
  });
});
