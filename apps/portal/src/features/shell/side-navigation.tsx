'use client';

import Link from 'next/link';
import { usePathname } from 'next/navigation';
import { cn } from '#lib/cn.ts';
import { shell } from '#text/en/shell.ts';
import { adminNavigation, customerNavigation, isCurrent } from './navigation.ts';

/** The links of the area the visitor is in. */
export function SideNavigation({ onNavigate }: { onNavigate?: () => void }) {
  const pathname = usePathname();
  const groups = pathname.startsWith('/admin') ? adminNavigation : customerNavigation;
  return (
    <nav aria-label={shell.navigation} className="flex-1 overflow-y-auto px-3 pb-4">
      {groups.map((group) => (
        <div key={group.label ?? ''} className="mt-4 first:mt-1">
          {group.label ? (
            <p className="mb-1 px-2 font-medium text-faint text-xs" id={`nav-${group.label}`}>
              {group.label}
            </p>
          ) : null}
          <ul aria-labelledby={group.label ? `nav-${group.label}` : undefined} className="grid gap-px">
            {group.items.map(({ href, label, icon: Icon }) => {
              const current = isCurrent(href, pathname);
              return (
                <li key={href}>
                  <Link
                    href={href}
                    onClick={onNavigate}
                    aria-current={current ? 'page' : undefined}
                    className={cn(
                      'flex h-8 items-center gap-2.5 rounded-md px-2 text-[0.8125rem] transition-colors hover:bg-hover hover:text-ink',
                      current ? 'bg-hover font-medium text-ink [&_svg]:text-accent-text' : 'text-muted',
                    )}
                  >
                    <Icon className="size-4 shrink-0 text-faint" aria-hidden="true" />
                    {label}
                  </Link>
                </li>
              );
            })}
          </ul>
        </div>
      ))}
    </nav>
  );
}
