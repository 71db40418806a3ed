import type { RowProblem, RowProblemCode } from '@parapet/contracts/training-row';

/** Problems kept in full; the rest are only counted. */
const maxKept = 1000;

/** What was found wrong with a file, bounded however broken it is. */
export class ProblemList {
  readonly kept: RowProblem[] = [];
  errors = 0;
  warnings = 0;

  add(line: number, code: RowProblemCode, message: string, severity: RowProblem['severity'] = 'error'): void {
    if (severity === 'error') this.errors++;
    else this.warnings++;
    if (this.kept.length < maxKept) this.kept.push({ line, code, message, severity });
  }

  get total(): number {
    return this.errors + this.warnings;
  }

  /** The first error, which an upload's refusal names. */
  get first(): RowProblem | undefined {
    return this.kept.find((problem) => problem.severity === 'error');
  }
}
