'use client';

import { type KeyboardEvent, type ReactNode, useId, useRef } from 'react';
import { useUrlState } from '#lib/url-state.ts';

export type Tab = { value: string; label: ReactNode; content: ReactNode };

/**
 * Tabs whose choice stands in the address, so that one can be linked and the back button goes to the last one. Keys
 * and roles are those of the WAI-ARIA tabs pattern: arrows, Home and End move the choice.
 */
export function UrlTabs({ tabs, name = 'tab', label }: { tabs: readonly Tab[]; name?: string; label: string }) {
  const id = useId();
  const list = useRef<HTMLDivElement>(null);
  const first = tabs[0]?.value ?? '';
  const [value, setValue] = useUrlState(name, first, { push: true });
  const chosen = Math.max(
    0,
    tabs.findIndex((tab) => tab.value === value),
  );

  function onKeyDown(event: KeyboardEvent) {
    const moves: Record<string, number> = {
      ArrowRight: chosen + 1,
      ArrowLeft: chosen - 1 + tabs.length,
      Home: 0,
      End: tabs.length - 1,
    };
    const to = moves[event.key];
    if (to === undefined) return;
    event.preventDefault();
    const index = to % tabs.length;
    setValue(tabs[index]?.value ?? first);
    list.current?.querySelectorAll<HTMLElement>('[role="tab"]')[index]?.focus();
  }

  return (
    <>
      <div
        ref={list}
        role="tablist"
        aria-label={label}
        onKeyDown={onKeyDown}
        className="mb-5 flex gap-4 overflow-x-auto sm:gap-5 border-line border-b [scrollbar-width:none]"
      >
        {tabs.map((tab, index) => (
          <button
            key={tab.value}
            type="button"
            role="tab"
            id={`${id}-tab-${index}`}
            aria-selected={index === chosen}
            aria-controls={`${id}-panel`}
            tabIndex={index === chosen ? 0 : -1}
            onClick={() => setValue(tab.value)}
            className="-mb-px whitespace-nowrap border-transparent border-b-2 py-2 font-medium text-[0.8125rem] text-muted outline-offset-[-2px] hover:text-ink aria-selected:border-accent aria-selected:text-ink"
          >
            {tab.label}
          </button>
        ))}
      </div>
      <div role="tabpanel" id={`${id}-panel`} aria-labelledby={`${id}-tab-${chosen}`} className="rounded-md">
        {tabs[chosen]?.content}
      </div>
    </>
  );
}
