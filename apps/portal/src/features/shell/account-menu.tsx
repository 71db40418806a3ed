'use client';

import type { SessionView } from '@parapet/contracts/portal/session';
import { lazy } from 'react';
import { Menu } from '#components/menu.tsx';
import { shell } from '#text/en/shell.ts';

const AccountMenuItems = lazy(() => import('./account-menu-items.tsx'));

/** Who is signed in: the theme, the other area, the way out. */
export function AccountMenu({ session, compact }: { session: SessionView; compact?: boolean }) {
  const { user } = session;
  const initials = user.name
    .split(/\s+/)
    .map((word) => word[0] ?? '')
    .slice(0, 2)
    .join('')
    .toUpperCase();

  return (
    <Menu
      align={compact ? 'end' : 'start'}
      trigger={
        <button
          type="button"
          className="flex w-full min-w-0 items-center gap-2.5 rounded-md p-1.5 text-left hover:bg-hover"
        >
          <span
            aria-hidden="true"
            className="grid size-7 shrink-0 place-items-center rounded-full bg-accent-soft font-semibold text-accent-text text-xs"
          >
            {initials}
          </span>
          {compact ? (
            <span className="sr-only">{shell.accountOf(user.name)}</span>
          ) : (
            <span className="min-w-0 flex-1 leading-tight">
              <span className="sr-only">{shell.account}: </span>
              <span className="block truncate font-medium text-[0.8125rem]">{user.name}</span>
              <span className="block truncate text-faint text-xs">{user.email}</span>
            </span>
          )}
        </button>
      }
    >
      <AccountMenuItems user={user} />
    </Menu>
  );
}
