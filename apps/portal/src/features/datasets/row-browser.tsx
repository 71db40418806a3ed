'use client';

import type { PreviewRow } from '@parapet/contracts/portal/datasets';
import { keepPreviousData, useQueries, useSuspenseQuery } from '@tanstack/react-query';
import { useVirtualizer } from '@tanstack/react-virtual';
import { type KeyboardEvent, useEffect, useRef } from 'react';
import { Card } from '#components/card.tsx';
import { cn } from '#lib/cn.ts';
import { formatInteger } from '#lib/format.ts';
import { useTRPC } from '#lib/trpc/client.tsx';
import { useUrlState } from '#lib/url-state.ts';
import { datasets as text } from '#text/en/datasets.ts';
import { GoToLine } from './go-to-line.tsx';
import { RowDetail } from './row-detail.tsx';

const pageRows = 100;
const rowHeight = 36;

/**
 * All rows of a data set, however many: only what is on the screen is in the page and asked for, a hundred at a time.
 * Arrow keys move the choice; the chosen row stands whole beside the list.
 */
export function RowBrowser({ datasetId }: { datasetId: string }) {
  const trpc = useTRPC();
  const [chosen, setChosen] = useUrlState('row', '0');
  const scroller = useRef<HTMLDivElement>(null);
  const first = useSuspenseQuery(trpc.datasets.rows.queryOptions({ datasetId, offset: 0, limit: pageRows }));
  const { total } = first.data;
  const index = Math.min(Math.max(0, Number.parseInt(chosen, 10) || 0), Math.max(0, total - 1));

  const virtual = useVirtualizer({
    count: total,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    overscan: 12,
    initialRect: { width: 600, height: 480 },
  });
  const shown = virtual.getVirtualItems();
  const pages = [...new Set([...shown.map((item) => Math.floor(item.index / pageRows)), Math.floor(index / pageRows)])];
  const queries = useQueries({
    queries: pages.map((page) => ({
      ...trpc.datasets.rows.queryOptions({ datasetId, offset: page * pageRows, limit: pageRows }),
      staleTime: Number.POSITIVE_INFINITY,
      placeholderData: keepPreviousData,
    })),
  });
  const rowAt = (at: number): PreviewRow | undefined => {
    const place = pages.indexOf(Math.floor(at / pageRows));
    const query = queries[place];
    return query && !query.isPlaceholderData ? query.data?.rows[at % pageRows] : undefined;
  };

  const started = useRef(false);
  useEffect(() => {
    if (started.current) return;
    started.current = true;
    if (index > 10) virtual.scrollToIndex(index, { align: 'center' });
  }, [index, virtual]);

  function choose(next: number, align: 'auto' | 'center' = 'auto') {
    const to = Math.min(Math.max(0, next), total - 1);
    setChosen(String(to));
    virtual.scrollToIndex(to, { align });
  }

  function onKeyDown(event: KeyboardEvent) {
    const visible = Math.floor((scroller.current?.clientHeight ?? rowHeight) / rowHeight) - 1;
    const moves: Record<string, number> = {
      ArrowDown: index + 1,
      ArrowUp: index - 1,
      PageDown: index + visible,
      PageUp: index - visible,
      Home: 0,
      End: total - 1,
    };
    const to = moves[event.key];
    if (to === undefined) return;
    event.preventDefault();
    choose(to);
  }

  return (
    <div className="grid gap-4 lg:grid-cols-[minmax(0,1fr)_minmax(0,1fr)]">
      <Card className="overflow-hidden">
        <div className="flex items-center justify-between gap-3 border-line border-b px-4 py-2">
          <p className="text-faint text-xs tabular-nums">{`${formatInteger(total)} ${text.rowsTitle.toLowerCase()}`}</p>
          <GoToLine total={total} onGo={(line) => choose(line - 1, 'center')} />
        </div>
        <div
          ref={scroller}
          role="listbox"
          aria-label={text.rowList}
          aria-activedescendant={`row-${index}`}
          tabIndex={0}
          onKeyDown={onKeyDown}
          className="h-[30rem] overflow-y-auto outline-offset-[-2px]"
        >
          <div className="relative" role="presentation" style={{ height: virtual.getTotalSize() }}>
            {shown.map((item) => {
              const row = rowAt(item.index);
              const target = row?.messages.findLast((message) => message.role === 'assistant');
              const source = row?.messages.findLast((message) => message.role === 'user');
              return (
                // biome-ignore lint/a11y/useKeyWithClickEvents: the listbox around it has the keys
                <div
                  key={item.key}
                  id={`row-${item.index}`}
                  role="option"
                  tabIndex={-1}
                  aria-selected={item.index === index}
                  aria-posinset={item.index + 1}
                  aria-setsize={total}
                  onClick={() => choose(item.index)}
                  className={cn(
                    'absolute inset-x-0 flex cursor-default items-center gap-3 border-line border-b px-4 text-[0.8125rem]',
                    item.index === index ? 'bg-accent-soft' : 'hover:bg-subtle',
                  )}
                  style={{ height: rowHeight, transform: `translateY(${item.start}px)` }}
                >
                  <span className="w-10 shrink-0 text-right font-mono text-faint text-xs tabular-nums">
                    {item.index + 1}
                  </span>
                  <span className="min-w-0 flex-[3] truncate">{source?.content.slice(0, 200) ?? '…'}</span>
                  <span className="min-w-0 flex-[2] truncate text-accent-text">{target?.content.slice(0, 120)}</span>
                </div>
              );
            })}
          </div>
        </div>
      </Card>
      <RowDetail row={rowAt(index)} />
    </div>
  );
}
