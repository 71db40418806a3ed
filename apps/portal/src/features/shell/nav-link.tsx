'use client';

import Link from 'next/link';
import { usePathname } from 'next/navigation';
import type { ReactNode } from 'react';
import { cn } from '#lib/cn.ts';
import { isCurrent } from './is-current.ts';

/** A link of the navigation that knows when the visitor is there. */
export function NavLink({ href, children }: { href: string; children: ReactNode }) {
  const current = isCurrent(href, usePathname());
  return (
    <Link
      href={href}
      aria-current={current ? 'page' : undefined}
      className={cn(
        'flex h-8 items-center gap-2.5 rounded-md px-2 text-[0.8125rem] transition-colors hover:bg-hover hover:text-ink [&_svg]:size-4 [&_svg]:shrink-0',
        current ? 'bg-hover font-medium text-ink [&_svg]:text-accent-text' : 'text-muted [&_svg]:text-faint',
      )}
    >
      {children}
    </Link>
  );
}

/** The links of the area the visitor is in; both come from the server, so that their icons are no JavaScript. */
export function CurrentArea({ customer, admin }: { customer: ReactNode; admin: ReactNode }) {
  return usePathname().startsWith('/admin') ? admin : customer;
}
