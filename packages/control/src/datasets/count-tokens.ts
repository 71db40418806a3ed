import type { BlobStore } from '@parapet/adapter-store/blobs';
import type { Digest } from '@parapet/contracts/ids';
import type { TrainingRow } from '@parapet/contracts/training-row';
import { checkRow } from '@parapet/contracts/training-row-check';
import type { DatasetTokens } from '@parapet/db/schema';
import { Tally } from './histogram.ts';
import { readLines } from './lines.ts';
import { ProblemList } from './problem-list.ts';
import type { RowTokenizer } from './row-tokenizer.ts';

/** Longest row that can be trained on. */
export const maxRowTokens = 8192;

const batchRows = 64;

export interface TokenCount {
  tokens: DatasetTokens;
  /** Rows above `maxRowTokens`. */
  problems: ProblemList;
}

/** Rows of a stored file, with their line numbers; every row was checked when it was stored. */
export async function* readRows(blobs: BlobStore, digest: Digest): AsyncGenerator<{ line: number; row: TrainingRow }> {
  const { stream } = await blobs.read(digest);
  for await (const { number, text } of readLines(stream)) {
    if (text.trim() === '') continue;
    const checked = checkRow(JSON.parse(text));
    if ('row' in checked) yield { line: number, row: checked.row };
  }
}

/** Counts a stored file's tokens, row by row. */
export async function countTokens(blobs: BlobStore, tokenizer: RowTokenizer, digest: Digest): Promise<TokenCount> {
  const totals = new Tally();
  const completions = new Tally();
  const problems = new ProblemList();
  let batch: { line: number; row: TrainingRow }[] = [];
  const flush = async () => {
    const counts = await tokenizer.count(batch.map(({ row }) => row));
    for (const [index, { total, completion }] of counts.entries()) {
      totals.add(total);
      completions.add(completion);
      const line = batch[index]?.line ?? 0;
      if (total > maxRowTokens) {
        problems.add(
          line,
          'row_too_long',
          `Line ${line} has ${total} tokens: at most ${maxRowTokens} can be trained on.`,
        );
      }
    }
    batch = [];
  };
  for await (const row of readRows(blobs, digest)) {
    batch.push(row);
    if (batch.length === batchRows) await flush();
  }
  if (batch.length > 0) await flush();
  return {
    tokens: {
      total: totals.total,
      completion: completions.total,
      longestRow: totals.largest,
      tokensPerRow: totals.histogram(),
      completionTokensPerRow: completions.histogram(),
    },
    problems,
  };
}
