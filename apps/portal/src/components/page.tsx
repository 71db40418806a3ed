import { ChevronRight } from 'lucide-react';
import Link from 'next/link';
import type { ReactNode } from 'react';
import { cn } from '#lib/cn.ts';

export type Crumb = { href: string; label: string };

/** The frame of a page: where it is, what it is, what can be done here. */
export function Page({
  title,
  description,
  crumbs = [],
  badge,
  actions,
  wide,
  children,
}: {
  title: ReactNode;
  description?: ReactNode;
  crumbs?: readonly Crumb[];
  badge?: ReactNode;
  actions?: ReactNode;
  wide?: boolean;
  children: ReactNode;
}) {
  return (
    <div className={cn('mx-auto w-full px-4 py-6 sm:px-6 lg:px-8 lg:py-8', wide ? 'max-w-[1600px]' : 'max-w-6xl')}>
      <header className="mb-6 flex flex-wrap items-end justify-between gap-x-6 gap-y-3">
        <div className="min-w-0">
          {crumbs.length > 0 ? (
            <nav aria-label="Breadcrumb" className="mb-1">
              <ol className="flex items-center gap-1 text-faint text-xs">
                {crumbs.map((crumb) => (
                  <li key={crumb.href} className="flex items-center gap-1">
                    <Link href={crumb.href} className="rounded hover:text-ink">
                      {crumb.label}
                    </Link>
                    <ChevronRight className="size-3" aria-hidden="true" />
                  </li>
                ))}
              </ol>
            </nav>
          ) : null}
          <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
            <h1 className="min-w-0 font-semibold text-xl tracking-tight [overflow-wrap:anywhere]">{title}</h1>
            {badge}
          </div>
          {description ? <div className="mt-1 max-w-2xl text-[0.8125rem] text-muted">{description}</div> : null}
        </div>
        {actions ? <div className="flex flex-wrap items-center gap-2">{actions}</div> : null}
      </header>
      {children}
    </div>
  );
}
