import type { UsageRow } from '@parapet/contracts/portal/usage';

export type Measure = 'costMicros' | 'tokens' | 'requests' | 'device';
export type ChartRow = { at: number } & Record<string, number>;

export function measured(
  row: Pick<
    UsageRow,
    'costMicros' | 'promptTokens' | 'completionTokens' | 'requests' | 'inferenceDeviceMicros' | 'trainingDeviceMicros'
  >,
  measure: Measure,
): number {
  switch (measure) {
    case 'costMicros':
      return row.costMicros;
    case 'tokens':
      return row.promptTokens + row.completionTokens;
    case 'requests':
      return row.requests;
    case 'device':
      return row.inferenceDeviceMicros + row.trainingDeviceMicros;
  }
}

/**
 * Rows as stacked bars: one entry for every bucket of the range, empty ones too; the `most` largest groups by name
 * (s0, s1, …), the rest summed in the last.
 */
export function toSeries(
  rows: readonly UsageRow[],
  range: { from: number; to: number; bucket: 'hour' | 'day' },
  measure: Measure,
  otherLabel: string,
  most = 4,
): { data: ChartRow[]; labels: string[] } {
  const totals = new Map<string, { label: string; total: number }>();
  for (const row of rows) {
    const known = totals.get(row.group);
    const value = measured(row, measure);
    if (known) known.total += value;
    else totals.set(row.group, { label: row.groupLabel, total: value });
  }
  const ordered = [...totals].sort(([, a], [, b]) => b.total - a.total);
  const kept = ordered.slice(0, ordered.length > most + 1 ? most : most + 1);
  const place = new Map(kept.map(([group], index) => [group, index]));
  const labels = kept.map(([, { label }]) => label);
  const hasOther = kept.length < ordered.length;
  if (hasOther) labels.push(otherLabel);
  const step = range.bucket === 'hour' ? 3_600_000 : 86_400_000;
  const data = new Map<number, ChartRow>();
  for (let at = range.from; at < range.to; at += step) {
    data.set(at, Object.assign({ at }, Object.fromEntries(labels.map((_, index) => [`s${index}`, 0]))));
  }
  for (const row of rows) {
    const entry = data.get(row.at);
    const key = `s${place.get(row.group) ?? labels.length - 1}`;
    if (entry) entry[key] = (entry[key] ?? 0) + measured(row, measure);
  }
  return { data: [...data.values()], labels };
}
