'use client';

import type { SessionView } from '@parapet/contracts/portal/session';
import { Building2, LogOut, ShieldCheck, UserRound } from 'lucide-react';
import Link from 'next/link';
import { usePathname } from 'next/navigation';
import { useTheme } from 'next-themes';
import { Menu, MenuItem, MenuLabel, MenuRadio, MenuSeparator } from '#components/menu.tsx';
import { toast } from '#components/toast.tsx';
import { signOut } from '#lib/auth-client.ts';
import { errorText } from '#lib/error-text.ts';
import { common } from '#text/en/common.ts';
import { shell } from '#text/en/shell.ts';

/** Who is signed in: the theme, the other area, the way out. */
export function AccountMenu({ session, compact }: { session: SessionView; compact?: boolean }) {
  const { theme, setTheme } = useTheme();
  const inAdmin = usePathname().startsWith('/admin');
  const { user } = session;
  const initials = user.name
    .split(/\s+/)
    .map((word) => word[0] ?? '')
    .slice(0, 2)
    .join('')
    .toUpperCase();

  async function leave() {
    try {
      await signOut();
      window.location.assign('/sign-in');
    } catch (error) {
      toast(errorText(error), { tone: 'danger' });
    }
  }

  return (
    <Menu
      align={compact ? 'end' : 'start'}
      trigger={
        <button
          type="button"
          aria-label={compact ? shell.accountOf(user.name) : undefined}
          className="flex w-full min-w-0 items-center gap-2.5 rounded-md p-1.5 text-left hover:bg-hover"
        >
          <span
            aria-hidden="true"
            className="grid size-7 shrink-0 place-items-center rounded-full bg-accent-soft font-semibold text-accent-text text-xs"
          >
            {initials}
          </span>
          {compact ? null : (
            <span className="min-w-0 flex-1 leading-tight">
              <span className="sr-only">{shell.account}: </span>
              <span className="block truncate font-medium text-[0.8125rem]">{user.name}</span>
              <span className="block truncate text-faint text-xs">{user.email}</span>
            </span>
          )}
        </button>
      }
    >
      {user.platformAdmin ? (
        <>
          <MenuItem asChild>
            <Link href={inAdmin ? '/' : '/admin/tenants'}>
              {inAdmin ? <Building2 /> : <ShieldCheck />}
              {inAdmin ? shell.customerArea : shell.adminArea}
            </Link>
          </MenuItem>
          <MenuSeparator />
        </>
      ) : null}
      <MenuItem asChild>
        <Link href="/settings?tab=account">
          <UserRound />
          {shell.accountSettings}
        </Link>
      </MenuItem>
      <MenuSeparator />
      <MenuLabel>{common.theme}</MenuLabel>
      <MenuRadio
        value={theme ?? 'system'}
        onValueChange={setTheme}
        options={(['light', 'dark', 'system'] as const).map((value) => ({ value, label: common.themes[value] }))}
      />
      <MenuSeparator />
      <MenuItem onSelect={leave}>
        <LogOut />
        {shell.signOut}
      </MenuItem>
    </Menu>
  );
}
