import type { TrainingRow } from '@parapet/contracts/training-row';
import { checkRow } from '@parapet/contracts/training-row-check';
import { DuplicateFinder } from './duplicates.ts';
import { type Line, LineSplitter, UnreadableFile } from './lines.ts';
import { ProblemList } from './problem-list.ts';

/** Rows a training file must have at least, as at OpenAI. */
export const minRows = 10;
/** And at most: bounds the memory of the duplicate search. */
export const maxRows = 1_000_000;

export interface Inspection {
  rows: number;
  chatRows: number;
  duplicates: number;
  problems: ProblemList;
}

export interface InspectionRules {
  duplicates: 'refuse' | 'keep';
  /** Lines of the file as it came before its first row of JSON. */
  linesBefore?: number;
  /** Rows it must have; `minRows` unless told. */
  atLeast?: number;
}

/**
 * Checks a JSONL training file as its bytes pass by. Call `push` with every chunk, then `end`; it never throws for
 * what is in the file: an unreadable file stops the check and is a problem like any other.
 */
export class JsonlInspector {
  readonly problems = new ProblemList();
  readonly #splitter = new LineSplitter();
  readonly #duplicates = new DuplicateFinder();
  #rows = 0;
  #chatRows = 0;
  #duplicateRows = 0;
  #blankLine = 0;
  #stopped = false;

  /** An unreadable place was found: nothing after it is looked at. */
  get stopped(): boolean {
    return this.#stopped;
  }

  constructor(private readonly rules: InspectionRules) {}

  push(chunk: Uint8Array): void {
    this.#guarded(() => this.#splitter.push(chunk));
  }

  end(): Inspection {
    this.#guarded(() => this.#splitter.end());
    const { atLeast = minRows } = this.rules;
    if (!this.#stopped && this.#rows < atLeast) {
      this.problems.add(0, 'too_few_rows', `The file has ${this.#rows} usable rows: at least ${atLeast} are needed.`);
    }
    return {
      rows: this.#rows,
      chatRows: this.#chatRows,
      duplicates: this.#duplicateRows,
      problems: this.problems,
    };
  }

  #guarded(lines: () => Iterable<Line>): void {
    if (this.#stopped) return;
    try {
      for (const line of lines()) this.#take(line);
    } catch (error) {
      if (!(error instanceof UnreadableFile)) throw error;
      this.stop(error);
    }
  }

  /** Ends the check at a fault that leaves the rest unreadable. */
  stop(error: UnreadableFile): void {
    if (this.#stopped) return;
    this.#stopped = true;
    this.problems.add(error.line, error.code, error.message);
  }

  #take(found: Line): void {
    const { text } = found;
    const number = found.number + (this.rules.linesBefore ?? 0);
    if (text.trim() === '') {
      this.#blankLine ||= number;
      return;
    }
    if (this.#blankLine > 0) {
      this.problems.add(this.#blankLine, 'invalid_json', `Line ${this.#blankLine} is empty: remove it.`);
      this.#blankLine = 0;
    }
    const parsed = parseJson(text, number);
    const checked = 'fault' in parsed ? parsed : checkRow(parsed.value);
    if ('fault' in checked) {
      this.problems.add(number, checked.fault.code, `Line ${number}: ${checked.fault.message}`);
      return;
    }
    this.#accept(checked.row, number);
  }

  #accept(row: TrainingRow, line: number): void {
    const first = this.#duplicates.seen(row, line);
    if (first !== null) {
      this.#duplicateRows++;
      const severity = this.rules.duplicates === 'refuse' ? 'error' : 'warning';
      this.problems.add(line, 'duplicate_row', `Line ${line} says the same as line ${first}.`, severity);
      if (severity === 'error') return;
    }
    if (this.#rows === maxRows) {
      throw new UnreadableFile('line_too_long', 0, `The file has more than ${maxRows} rows: split it.`);
    }
    this.#rows++;
    if ('messages' in row) this.#chatRows++;
  }
}

function parseJson(
  text: string,
  line: number,
): { value: unknown } | { fault: { code: 'invalid_json'; message: string } } {
  try {
    const value: unknown = JSON.parse(text);
    if (line === 1 && Array.isArray(value)) throw arrayFile();
    return { value };
  } catch (error) {
    if (error instanceof UnreadableFile) throw error;
    if (line === 1 && text.trimStart().startsWith('[')) throw arrayFile();
    const reason = error instanceof Error ? error.message.slice(0, 120) : 'unreadable';
    return { fault: { code: 'invalid_json', message: `not JSON (${reason}).` } };
  }
}

const arrayFile = () =>
  new UnreadableFile('json_array_not_lines', 1, 'Line 1 opens a JSON array: write one JSON object a line (JSONL).');
