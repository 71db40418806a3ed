import type { CallableModel } from '@parapet/contracts/portal/playground';
import { Badge } from '#components/badge.tsx';
import { formatDecimal, formatDuration, formatInteger, formatMoney } from '#lib/format.ts';
import { playground } from '#text/en/playground.ts';
import type { Answer } from './use-answer.ts';

const text = playground.metrics;

/** Latency as the browser saw it, tokens as they are billed, cost by the price list. */
export function AnswerMetrics({ answer, price }: { answer: Answer; price: CallableModel['price'] | undefined }) {
  const { usage, firstTokenMs, totalMs, finish } = answer;
  const writingMs = totalMs !== null && firstTokenMs !== null ? totalMs - firstTokenMs : null;
  const speed =
    usage && writingMs && usage.completionTokens > 1 ? ((usage.completionTokens - 1) / writingMs) * 1000 : null;
  const cost =
    usage && price
      ? Math.round(
          (usage.promptTokens * price.promptMicrosPerMillionTokens +
            usage.completionTokens * price.completionMicrosPerMillionTokens) /
            1_000_000,
        )
      : null;
  const rows = [
    [text.firstToken, firstTokenMs === null ? null : formatDuration(firstTokenMs)],
    [text.total, totalMs === null ? null : formatDuration(totalMs)],
    [text.speed, speed === null ? null : text.speedUnit(formatDecimal(speed, 1))],
    [
      text.tokens,
      usage ? text.tokenCounts(formatInteger(usage.promptTokens), formatInteger(usage.completionTokens)) : null,
    ],
    [text.cost, cost === null || !price ? null : formatMoney(cost, price.currency)],
  ] as const;
  return (
    <div className="flex flex-wrap items-center gap-x-4 gap-y-2">
      {finish ? <Badge tone={finish === 'stop' ? 'ok' : 'neutral'}>{playground.finished[finish]}</Badge> : null}
      <dl className="flex flex-wrap gap-x-4 gap-y-1 text-xs">
        {rows.map(([name, value]) =>
          value === null ? null : (
            <div key={name} className="flex gap-1.5">
              <dt className="text-faint">{name}</dt>
              <dd className="font-medium tabular-nums">{value}</dd>
            </div>
          ),
        )}
      </dl>
    </div>
  );
}
