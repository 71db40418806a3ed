'use client';

import type { SessionView } from '@parapet/contracts/portal/session';
import { Building2, LogOut, ShieldCheck, UserRound } from 'lucide-react';
import Link from 'next/link';
import { usePathname } from 'next/navigation';
import { useTheme } from 'next-themes';
import { MenuItem, MenuLabel, MenuRadio, MenuSeparator } from '#components/menu.tsx';
import { toast } from '#components/toast.tsx';
import { signOut } from '#lib/auth-client.ts';
import { errorText } from '#lib/error-text.ts';
import { common } from '#text/en/common.ts';
import { shell } from '#text/en/shell.ts';

/** The other area, the account, the theme and the way out. */
export default function AccountMenuItems({ user }: { user: SessionView['user'] }) {
  const { theme, setTheme } = useTheme();
  const inAdmin = usePathname().startsWith('/admin');

  async function leave() {
    try {
      await signOut();
      window.location.assign('/sign-in');
    } catch (error) {
      toast(errorText(error), { tone: 'danger' });
    }
  }

  return (
    <>
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
    </>
  );
}
