'use client';

import { QueryBoundary } from '#components/states.tsx';
import { UrlTabs } from '#components/tabs.tsx';
import { useMay } from '#lib/permissions.tsx';
import { team as text } from '#text/en/team.ts';
import { InvitationList } from './invitation-list.tsx';
import { MemberList } from './member-list.tsx';
import { ServiceAccounts } from './service-accounts.tsx';

export function TeamTabs() {
  const admin = useMay('admin');
  const tab = (value: keyof typeof text.tabs, List: () => React.ReactNode) => ({
    value,
    label: text.tabs[value],
    content: (
      <QueryBoundary browserOnly={value !== 'members'}>
        <List />
      </QueryBoundary>
    ),
  });
  return (
    <UrlTabs
      label={text.tabsLabel}
      tabs={[
        tab('members', MemberList),
        ...(admin ? [tab('invitations', InvitationList)] : []),
        tab('accounts', ServiceAccounts),
      ]}
    />
  );
}
