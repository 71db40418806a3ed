'use client';

import type { PreviewRow } from '@parapet/contracts/portal/datasets';
import type { ReactNode } from 'react';
import { Card } from '#components/card.tsx';
import { Segmented } from '#components/choice.tsx';
import { ScrollArea } from '#components/scroll-area.tsx';
import { Skeleton } from '#components/states.tsx';
import { cn } from '#lib/cn.ts';
import { formatInteger } from '#lib/format.ts';
import { useUrlState } from '#lib/url-state.ts';
import { datasets as text } from '#text/en/datasets.ts';

/** One row whole: as a talk, or as the text the model is given, with what is learned highlighted. */
export function RowDetail({ row }: { row: PreviewRow | undefined }) {
  const [view, setView] = useUrlState('view', 'model');
  const mode = view === 'chat' ? 'chat' : 'model';
  return (
    <Card className="flex min-w-0 flex-col overflow-hidden">
      <div className="flex flex-wrap items-center justify-between gap-2 border-line border-b px-4 py-2">
        <h2 className="font-medium text-[0.8125rem]">{row ? text.rowDetail(formatInteger(row.line)) : text.pickRow}</h2>
        <Segmented
          label={text.viewLabel}
          value={mode}
          onChange={setView}
          options={[
            { value: 'model', label: text.views.model },
            { value: 'chat', label: text.views.chat },
          ]}
        />
      </div>
      {row === undefined ? (
        <div className="grid gap-2 p-4">
          <Skeleton className="h-4" />
          <Skeleton className="h-4 w-3/4" />
        </div>
      ) : (
        <>
          <ScrollArea
            className="max-h-[26rem] flex-1 overflow-auto p-4 outline-offset-[-2px]"
            label={text.rowDetail(String(row.line))}
          >
            {mode === 'model' ? (
              <pre className="whitespace-pre-wrap font-mono text-xs leading-relaxed [overflow-wrap:anywhere]">
                {highlight(row)}
              </pre>
            ) : (
              <ol className="grid gap-3">
                {row.messages.map((message, index) => (
                  <li
                    key={index}
                    className={cn(
                      'rounded-lg border p-3',
                      message.role === 'assistant' ? 'border-accent/30 bg-accent-soft' : 'border-line',
                    )}
                  >
                    <p className="mb-1 font-medium text-faint text-xs">{message.role}</p>
                    <p className="whitespace-pre-wrap text-[0.8125rem] [overflow-wrap:anywhere]">{message.content}</p>
                  </li>
                ))}
              </ol>
            )}
          </ScrollArea>
          <p className="border-line border-t px-4 py-2 text-faint text-xs">
            {row.tokens !== null && row.completionTokens !== null
              ? `${text.tokensOf(formatInteger(row.tokens), formatInteger(row.completionTokens))}. `
              : null}
            {mode === 'model' ? text.targetsHint : null}
          </p>
        </>
      )}
    </Card>
  );
}

function highlight({ text: whole, targets }: PreviewRow): ReactNode[] {
  const parts: ReactNode[] = [];
  let at = 0;
  for (const [from, to] of targets) {
    if (from > at)
      parts.push(
        <span key={`p${at}`} className="text-muted">
          {whole.slice(at, from)}
        </span>,
      );
    parts.push(
      <mark key={`t${from}`} className="rounded-sm bg-accent-soft px-0.5 text-accent-text">
        {whole.slice(from, to)}
      </mark>,
    );
    at = to;
  }
  if (at < whole.length)
    parts.push(
      <span key={`p${at}`} className="text-muted">
        {whole.slice(at)}
      </span>,
    );
  return parts;
}
