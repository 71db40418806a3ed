import { ParapetError } from '@parapet/contracts/errors';
import type { ProblemList } from './problem-list.ts';

/** A file's refusal: its first error in words, the others in the error body's `parapet`. */
export function refusalOf(problems: ProblemList): ParapetError {
  const { first, errors } = problems;
  const more = errors > 1 ? ` (${errors - 1} more ${errors === 2 ? 'error' : 'errors'} in the file)` : '';
  return new ParapetError('invalid_training_file', `${first?.message ?? 'The file is not usable.'}${more}`, {
    param: 'file',
    subcode: first?.code,
    problems: { problems: problems.kept.slice(0, 100), total: problems.total },
  });
}
