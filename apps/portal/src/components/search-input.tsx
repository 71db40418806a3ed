'use client';

import { Search, X } from 'lucide-react';
import { useEffect, useRef } from 'react';
import { common } from '#text/en/common.ts';

/** The search of a list; "/" jumps to it. */
export function SearchInput({
  value,
  onChange,
  label,
}: {
  value: string;
  onChange: (value: string) => void;
  label: string;
}) {
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    function jump(event: KeyboardEvent) {
      const target = event.target as HTMLElement;
      if (event.key !== '/' || event.ctrlKey || event.metaKey || event.altKey) return;
      if (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName)) return;
      event.preventDefault();
      input.current?.focus();
    }
    document.addEventListener('keydown', jump);
    return () => document.removeEventListener('keydown', jump);
  }, []);
  return (
    <div className="relative w-full sm:w-64">
      <Search className="pointer-events-none absolute top-2 left-2.5 size-4 text-faint" aria-hidden="true" />
      <input
        ref={input}
        type="search"
        value={value}
        onChange={(event) => onChange(event.target.value)}
        placeholder={common.searchIn(label)}
        aria-label={common.searchIn(label)}
        aria-keyshortcuts="/"
        className="field h-8 w-full pr-8 pl-8 text-[0.8125rem] [&::-webkit-search-cancel-button]:hidden"
      />
      {value === '' ? null : (
        <button
          type="button"
          onClick={() => onChange('')}
          aria-label={common.clearSearch}
          className="absolute top-1.5 right-1.5 grid size-5 place-items-center rounded text-faint hover:text-ink"
        >
          <X className="size-3.5" />
        </button>
      )}
    </div>
  );
}
