import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeTinyModel } from '@parapet/models/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ThreadedTokenizer } from './threaded-tokenizer.ts';

describe('the tokenizer in its thread', () => {
  let folder: string;
  let tokenizer: ThreadedTokenizer;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'parapet-tokenizer-'));
    writeTinyModel(folder);
    tokenizer = new ThreadedTokenizer(folder);
  });
  afterAll(async () => {
    await tokenizer.close();
    await rm(folder, { recursive: true });
  });

  it('counts what is trained on apart from the rest', async () => {
    const rows = Array.from({ length: 130 }, () => ({ prompt: 'Is it raining?', completion: 'yes' }));
    const counts = await tokenizer.count(rows);
    expect(counts).toHaveLength(130);
    expect(counts[0]?.completion).toBeGreaterThan(0);
    expect(counts[0]?.total).toBeGreaterThan(counts[0]?.completion ?? 0);
  });

  it('marks the completion in the rendered text', async () => {
    const [row] = await tokenizer.render([{ prompt: 'Is it raining?', completion: 'yes' }]);
    const [from, to] = row?.targets[0] ?? [0, 0];
    expect(row?.text.slice(from, to)).toContain('yes');
    expect(row?.text.slice(0, from)).toContain('Is it raining?');
    expect(row?.text.slice(0, from)).not.toContain('yes');
  });

  it('says what is wrong when the model’s folder is not there', async () => {
    const lost = new ThreadedTokenizer(join(folder, 'nowhere'));
    await expect(lost.count([{ prompt: 'a', completion: 'b' }])).rejects.toThrow('nowhere');
  });
});
