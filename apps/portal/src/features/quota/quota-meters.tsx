'use client';

import type { QuotaLine, QuotaView } from '@parapet/contracts/portal/quota';
import { Meter } from '#components/meter.tsx';
import { formatBytes, formatInteger, formatRelative } from '#lib/format.ts';
import { quotaNamesText, usage as text } from '#text/en/usage.ts';

export const formatQuota = (name: QuotaLine['name']) => (value: number) =>
  name.endsWith('Bytes') ? formatBytes(value) : formatInteger(Math.ceil(value));

/** Every limit of an organisation beside what is used of it. */
export function QuotaMeters({ quota, compact }: { quota: QuotaView; compact?: boolean }) {
  return (
    <ul className="grid gap-x-8 gap-y-4 sm:grid-cols-2 lg:grid-cols-4">
      {quota.lines.map((line) => (
        <li key={line.name} className="min-w-0" data-quota={line.name}>
          <Meter
            label={quotaNamesText[line.name]}
            used={line.used}
            limit={line.limit}
            format={formatQuota(line.name)}
            compact={compact}
          />
          <p className="mt-1 text-faint text-xs" suppressHydrationWarning>
            {[
              line.source === 'override' ? text.overridden : null,
              line.resetsAt === null || line.limit === null ? null : text.resets(formatRelative(line.resetsAt)),
            ]
              .filter(Boolean)
              .join(' · ')}
          </p>
        </li>
      ))}
    </ul>
  );
}
