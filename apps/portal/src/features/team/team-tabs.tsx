'use client';

import { type ComponentType, lazy } from 'react';
import { QueryBoundary } from '#components/states.tsx';
import { UrlTabs } from '#components/tabs.tsx';
import { useMay } from '#lib/permissions.tsx';
import { team as text } from '#text/en/team.ts';
import { MemberList } from './member-list.tsx';

const InvitationList = lazy(async () => ({ default: (await import('./invitation-list.tsx')).InvitationList }));
const ServiceAccounts = lazy(async () => ({ default: (await import('./service-accounts.tsx')).ServiceAccounts }));

export function TeamTabs() {
  const admin = useMay('admin');
  const tab = (value: keyof typeof text.tabs, List: ComponentType) => ({
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
