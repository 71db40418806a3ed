'use client';

import { SearchX } from 'lucide-react';
import type { ReactNode } from 'react';
import { common } from '#text/en/common.ts';
import { Button } from './button.tsx';
import { SearchInput } from './search-input.tsx';
import { EmptyState } from './states.tsx';

/** The frame of every list: search and filters above, the rows, and what follows them. */
export function ListFrame({
  search,
  onSearch,
  searchLabel,
  filters,
  count,
  children,
}: {
  search: string;
  onSearch: (value: string) => void;
  /** What is searched, in the plural. */
  searchLabel: string;
  filters?: ReactNode;
  /** Told to screen readers when it changes. */
  count?: string;
  children: ReactNode;
}) {
  return (
    <div className="rounded-xl border border-line bg-surface shadow-card">
      <div className="flex flex-wrap items-center gap-2 border-line border-b px-4 py-3">
        <SearchInput value={search} onChange={onSearch} label={searchLabel} />
        {filters}
        <p aria-live="polite" className="ml-auto text-faint text-xs tabular-nums empty:absolute">
          {count}
        </p>
      </div>
      {children}
    </div>
  );
}

/** No row because of the search or a filter, rather than because there is none. */
export function NoMatches({ onClear }: { onClear: () => void }) {
  return (
    <EmptyState
      icon={SearchX}
      title={common.noMatches}
      action={<Button onClick={onClear}>{common.clearFilters}</Button>}
    >
      {common.noMatchesHint}
    </EmptyState>
  );
}

/** The next page of a list that is read page by page. */
export function ShowMore({
  more,
  pending,
  onMore,
  error,
}: {
  more: boolean;
  pending: boolean;
  onMore: () => void;
  /** Why the last try failed; the button tries again. */
  error?: string | undefined;
}) {
  if (!more) return null;
  return (
    <div className="border-line border-t p-3 text-center">
      {error === undefined ? null : (
        <p role="alert" className="mb-2 text-[0.8125rem] text-danger-text">
          {error}
        </p>
      )}
      <Button variant="ghost" pending={pending} onClick={onMore}>
        {error === undefined ? common.showMore : common.tryAgain}
      </Button>
    </div>
  );
}

/** A filter in the toolbar of a list. */
export function FilterSelect({
  label,
  value,
  onChange,
  options,
}: {
  label: string;
  value: string;
  onChange: (value: string) => void;
  options: readonly (readonly [value: string, label: string])[];
}) {
  return (
    <select
      aria-label={label}
      value={value}
      onChange={(event) => onChange(event.target.value)}
      className="field h-8 min-w-0 px-2 text-[0.8125rem]"
    >
      {options.map(([option, text]) => (
        <option key={option} value={option}>
          {text}
        </option>
      ))}
    </select>
  );
}
