import type { TextFileView } from '@parapet/contracts/portal/common';
import Papa from 'papaparse';

/** Rows as a CSV file; cells that a spreadsheet would take for formulas are escaped. */
export function csvFile(
  name: string,
  rows: readonly Record<string, unknown>[],
  columns: readonly string[],
): TextFileView {
  const content = Papa.unparse(
    { fields: [...columns], data: rows.map((row) => columns.map((column) => row[column] ?? '')) },
    { escapeFormulae: true, newline: '\r\n' },
  );
  return { fileName: `${name}.csv`, contentType: 'text/csv; charset=utf-8', content: `${content}\r\n` };
}
