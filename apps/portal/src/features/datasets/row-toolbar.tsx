import type { DatasetView } from '@parapet/contracts/portal/datasets';
import { FilterSelect } from '#components/list-frame.tsx';
import { SearchInput } from '#components/search-input.tsx';
import { errorText } from '#lib/error-text.ts';
import { formatInteger } from '#lib/format.ts';
import { datasets as text } from '#text/en/datasets.ts';
import { GoToLine } from './go-to-line.tsx';
import { canBeSearched } from './row-index.ts';
import type { useRowOrder } from './use-row-order.ts';

/** Search, order and the way to a line; how many rows are shown. */
export function RowToolbar({
  dataset,
  rows,
  onGo,
}: {
  dataset: DatasetView;
  rows: ReturnType<typeof useRowOrder>;
  onGo: (line: number) => void;
}) {
  const { index, places } = rows;
  const total = formatInteger(dataset.rows);
  return (
    <div className="flex flex-wrap items-center gap-2 border-line border-b px-4 py-2">
      {canBeSearched(dataset) ? (
        <>
          <SearchInput value={rows.search} onChange={rows.setSearch} label={text.rowsPlural} />
          <FilterSelect
            label={text.rowOrder}
            value={rows.order}
            onChange={rows.setOrder}
            options={Object.entries(text.rowOrders)}
          />
        </>
      ) : null}
      <p aria-live="polite" className="mr-auto text-faint text-xs tabular-nums">
        {index.error
          ? errorText(index.error)
          : index.isFetching
            ? text.readingRows
            : places === null || places.length === dataset.rows
              ? text.rowCount(total)
              : text.rowsFound(formatInteger(places.length), total)}
      </p>
      <GoToLine total={dataset.rows} onGo={onGo} />
    </div>
  );
}
