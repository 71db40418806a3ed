'use client';

import type { DatasetView, PreviewRow } from '@parapet/contracts/portal/datasets';
import { useQuery, useSuspenseQuery } from '@tanstack/react-query';
import { type KeyboardEvent, type ReactNode, useEffect, useRef } from 'react';
import { Card } from '#components/card.tsx';
import { NoMatches } from '#components/list-frame.tsx';
import { useTRPC } from '#lib/trpc/client.tsx';
import { useSettlingUrlState } from '#lib/url-state.ts';
import { useRowWindow } from '#lib/use-row-window.ts';
import { datasets as text } from '#text/en/datasets.ts';
import { RowDetail } from './row-detail.tsx';
import type { IndexedRow } from './row-index.ts';
import { RowLine, rowHeight } from './row-line.tsx';
import { RowToolbar } from './row-toolbar.tsx';
import { useRowOrder } from './use-row-order.ts';

const pageRows = 100;

/**
 * All rows of a data set, however many: only what is on the screen is in the page and asked for, a hundred at a time.
 * Arrow keys move the choice; the chosen row stands whole beside the list.
 */
export function RowBrowser({ dataset }: { dataset: DatasetView }) {
  const trpc = useTRPC();
  const datasetId = dataset.id;
  const [chosen, setChosen] = useSettlingUrlState('row', '0');
  const scroller = useRef<HTMLDivElement>(null);
  const first = useSuspenseQuery(trpc.datasets.rows.queryOptions({ datasetId, offset: 0, limit: pageRows }));
  const { total } = first.data;
  const rows = useRowOrder(dataset);
  const { places } = rows;
  const count = places?.length ?? total;
  const index = Math.min(Math.max(0, Number.parseInt(chosen, 10) || 0), Math.max(0, total - 1));
  const placeAt = (position: number) => places?.[position] ?? position;

  const { from, to, visible, scrollTo } = useRowWindow(scroller, count, rowHeight);
  const positions = Array.from({ length: Math.max(0, to - from) }, (_, at) => from + at);
  const whole = useRowPage(datasetId, Math.floor(index / pageRows));
  const line = (position: number, row: PreviewRow | IndexedRow | undefined) => {
    const place = placeAt(position);
    return (
      <RowLine
        key={place}
        place={place}
        position={position}
        count={count}
        chosen={place === index}
        row={row}
        onChoose={() => choose(position)}
      />
    );
  };

  const started = useRef(false);
  useEffect(() => {
    if (started.current) return;
    started.current = true;
    if (index > 10) scrollTo(index, 'center');
  }, [index, scrollTo]);

  // What is found is shown from its beginning; back in the file, the line that was asked for.
  const wanted = useRef<number | null>(null);
  useEffect(() => {
    if (places !== null) scrollTo(0);
    else if (wanted.current !== null) scrollTo(wanted.current, 'center');
    wanted.current = null;
  }, [places, scrollTo]);

  function choose(position: number, align: 'nearest' | 'center' = 'nearest') {
    const at = Math.min(Math.max(0, position), count - 1);
    if (at < 0) return;
    setChosen(String(placeAt(at)));
    scrollTo(at, align);
  }

  /** To a line of the file, wherever the search and the order have put it. */
  function goTo(line: number) {
    const position = places === null ? line - 1 : places.indexOf(line - 1);
    if (position >= 0) return choose(position, 'center');
    rows.setSearch('');
    rows.setOrder('file');
    setChosen(String(line - 1));
    wanted.current = line - 1;
  }

  function onKeyDown(event: KeyboardEvent) {
    const position = places === null ? index : places.indexOf(index);
    const moves: Record<string, number> = {
      ArrowDown: position + 1,
      ArrowUp: position - 1,
      PageDown: position + visible - 1,
      PageUp: position - visible + 1,
      Home: 0,
      End: count - 1,
    };
    const next = moves[event.key];
    if (next === undefined) return;
    event.preventDefault();
    choose(next);
  }

  return (
    <div className="grid gap-4 lg:grid-cols-[minmax(0,1fr)_minmax(0,1fr)]">
      <Card className="overflow-hidden">
        <RowToolbar dataset={dataset} rows={rows} onGo={goTo} />
        {count === 0 ? <NoMatches onClear={() => rows.setSearch('')} /> : null}
        {/* The ring lies over the rows: they are placed, and would hide an outline of the list's own. */}
        <div
          hidden={count === 0}
          className="relative after:pointer-events-none after:absolute after:inset-0 after:rounded-b-xl after:ring-accent after:ring-inset has-[:focus-visible]:after:ring-2"
        >
          <div
            ref={scroller}
            role="listbox"
            aria-label={text.rowList}
            aria-activedescendant={`row-${index}`}
            tabIndex={0}
            onKeyDown={onKeyDown}
            className="h-[30rem] overflow-y-auto outline-offset-[-2px]"
          >
            <div className="relative" role="presentation" style={{ height: count * rowHeight }}>
              {places === null
                ? pagesOf(positions).map(([page, inPage]) => (
                    <PageOfRows key={page} datasetId={datasetId} page={page}>
                      {(found) => inPage.map((position) => line(position, found?.[position % pageRows]))}
                    </PageOfRows>
                  ))
                : positions.map((position) => line(position, rows.index.data?.[placeAt(position)]))}
            </div>
          </div>
        </div>
      </Card>
      <RowDetail row={whole.data?.rows[index % pageRows]} />
    </div>
  );
}

/** Positions by the page that each is on. */
function pagesOf(positions: readonly number[]): [page: number, positions: number[]][] {
  const pages = new Map<number, number[]>();
  for (const position of positions) {
    const page = Math.floor(position / pageRows);
    const inPage = pages.get(page);
    if (inPage) inPage.push(position);
    else pages.set(page, [position]);
  }
  return [...pages];
}

function useRowPage(datasetId: string, page: number) {
  const trpc = useTRPC();
  return useQuery({
    ...trpc.datasets.rows.queryOptions({ datasetId, offset: page * pageRows, limit: pageRows }),
    staleTime: Number.POSITIVE_INFINITY,
  });
}

/** The rows of one page, when they are there. */
function PageOfRows({
  datasetId,
  page,
  children,
}: {
  datasetId: string;
  page: number;
  children: (rows: PreviewRow[] | undefined) => ReactNode;
}) {
  return children(useRowPage(datasetId, page).data?.rows);
}
