'use client';

import { Bar, BarChart, CartesianGrid, ResponsiveContainer, Tooltip, XAxis, YAxis } from 'recharts';
import { formatDate, formatDateTime } from '#lib/format.ts';
import type { ChartRow } from './series.ts';

const colours = [
  'var(--series-1)',
  'var(--series-2)',
  'var(--series-3)',
  'var(--series-4)',
  'var(--series-base)',
  'var(--faint)',
];

/** Stacked bars over time. Loaded on its own: recharts is by far the largest part of the page. */
export default function UsageChart({
  data,
  labels,
  format,
  hourly,
}: {
  data: ChartRow[];
  labels: string[];
  format: (value: number) => string;
  hourly: boolean;
}) {
  const tick = { fill: 'var(--faint)', fontSize: 11 };
  const short = (at: number) =>
    hourly
      ? new Date(at).toISOString().slice(11, 16)
      : new Intl.DateTimeFormat('en', { month: 'short', day: 'numeric', timeZone: 'UTC' }).format(at);
  return (
    <ResponsiveContainer width="100%" height="100%">
      <BarChart data={data} margin={{ top: 4, right: 4, bottom: 0, left: 0 }} maxBarSize={28} accessibilityLayer>
        <CartesianGrid vertical={false} stroke="var(--line)" />
        <XAxis dataKey="at" tickFormatter={short} tick={tick} tickLine={false} axisLine={false} minTickGap={28} />
        <YAxis tickFormatter={format} tick={tick} tickLine={false} axisLine={false} width={64} />
        <Tooltip
          cursor={{ fill: 'var(--hover)' }}
          isAnimationActive={false}
          contentStyle={{
            background: 'var(--surface)',
            border: '1px solid var(--line)',
            borderRadius: 8,
            boxShadow: 'var(--shadow-float)',
            fontSize: 12,
          }}
          labelStyle={{ color: 'var(--faint)' }}
          itemStyle={{ color: 'var(--ink)', padding: 0 }}
          labelFormatter={(at) => (hourly ? formatDateTime(Number(at)) : formatDate(Number(at)))}
          formatter={(value, name) => [format(Number(value)), String(name)]}
        />
        {labels.map((label, index) => (
          <Bar
            key={label}
            dataKey={`s${index}`}
            name={label}
            stackId="all"
            fill={colours[index] ?? 'var(--faint)'}
            isAnimationActive={false}
          />
        ))}
      </BarChart>
    </ResponsiveContainer>
  );
}
