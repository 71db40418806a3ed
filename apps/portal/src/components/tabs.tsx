'use client';

import { Tabs as Primitive } from 'radix-ui';
import type { ReactNode } from 'react';
import { useUrlState } from '#lib/url-state.ts';

export type Tab = { value: string; label: ReactNode; content: ReactNode };

/** Tabs whose choice stands in the address, so that one can be linked and the back button goes to the last one. */
export function UrlTabs({ tabs, name = 'tab', label }: { tabs: readonly Tab[]; name?: string; label: string }) {
  const first = tabs[0]?.value ?? '';
  const [value, setValue] = useUrlState(name, first, { push: true });
  const known = tabs.some((tab) => tab.value === value) ? value : first;
  return (
    <Primitive.Root value={known} onValueChange={setValue}>
      <Primitive.List
        aria-label={label}
        className="mb-5 flex gap-5 overflow-x-auto border-line border-b [scrollbar-width:none]"
      >
        {tabs.map((tab) => (
          <Primitive.Trigger
            key={tab.value}
            value={tab.value}
            className="-mb-px whitespace-nowrap border-transparent border-b-2 py-2 font-medium text-[0.8125rem] text-muted outline-offset-[-2px] hover:text-ink data-[state=active]:border-accent data-[state=active]:text-ink"
          >
            {tab.label}
          </Primitive.Trigger>
        ))}
      </Primitive.List>
      {tabs.map((tab) => (
        <Primitive.Content key={tab.value} value={tab.value} className="rounded-md">
          {tab.content}
        </Primitive.Content>
      ))}
    </Primitive.Root>
  );
}
