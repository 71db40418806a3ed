import type { Statement } from './statement.ts';

/** An amount of micro-units in full, no binary fraction on the way: 1234567 → 1.234567. */
export function formatMicros(micros: number): string {
  const digits = Math.abs(micros).toString().padStart(7, '0');
  return `${micros < 0 ? '-' : ''}${digits.slice(0, -6)}.${digits.slice(-6)}`;
}

/** A cell for spreadsheets: quoted where needed, and never begun with a sign they would take for a formula. */
function cell(value: string | number): string {
  const text = String(value);
  const safe = typeof value === 'string' && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

export function statementCsv(statement: Statement): string {
  const rows: (string | number)[][] = [
    ['description', 'quantity', 'unit', 'unit_price', 'amount', 'currency'],
    ...statement.lines.map((line) => [
      line.description,
      line.quantity,
      line.unit,
      Number(formatMicros(line.unitPriceMicros)),
      Number(formatMicros(line.amountMicros)),
      statement.currency,
    ]),
    ['Total', '', '', '', Number(formatMicros(statement.totalMicros)), statement.currency],
  ];
  return `${rows.map((row) => row.map(cell).join(',')).join('\r\n')}\r\n`;
}

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
const escapeHtml = (text: string | number) =>
  String(text).replace(/[&<>"']/g, (character) => entities[character] ?? '');

/** A page that prints well and needs nothing from the network. */
export function statementHtml(statement: Statement, organisation: { id: string; name: string }): string {
  const month = statement.period.slice(0, 7);
  const state = statement.state === 'open' ? 'so far; the month is not closed' : `statement ${statement.id}`;
  const rows = statement.lines.map(
    (line) => `<tr><th scope="row">${escapeHtml(line.description)}</th><td>${line.quantity.toLocaleString('en')}</td>
<td>${escapeHtml(line.unit)}</td><td>${formatMicros(line.unitPriceMicros)}</td><td>${formatMicros(line.amountMicros)}</td></tr>`,
  );
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Statement ${month}, ${escapeHtml(organisation.name)}</title>
<style>
body{font:14px/1.5 system-ui,sans-serif;max-width:52rem;margin:3rem auto;padding:0 1rem;color:#1a1a1a}
table{border-collapse:collapse;width:100%}th,td{padding:.4rem .6rem;border-bottom:1px solid #ddd;text-align:right}
th[scope=row],thead th:first-child{text-align:left;font-weight:400}tfoot td,tfoot th{font-weight:600;border:0}
@media print{body{margin:0}}
</style></head><body>
<h1>Statement ${month}</h1>
<p>${escapeHtml(organisation.name)} (${escapeHtml(organisation.id)}), ${escapeHtml(state)}. Amounts in ${escapeHtml(statement.currency)}; tokens are priced a million, device time a second.</p>
<table><thead><tr><th scope="col">Description</th><th scope="col">Quantity</th><th scope="col">Unit</th><th scope="col">Price</th><th scope="col">Amount</th></tr></thead>
<tbody>
${rows.join('\n')}
</tbody>
<tfoot><tr><th scope="row">Total</th><td></td><td></td><td></td><td>${formatMicros(statement.totalMicros)}</td></tr></tfoot></table>
</body></html>
`;
}
