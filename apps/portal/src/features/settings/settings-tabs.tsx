'use client';

import { lazy } from 'react';
import { QueryBoundary } from '#components/states.tsx';
import { UrlTabs } from '#components/tabs.tsx';
import { settings as text } from '#text/en/settings.ts';
import { AccountForm } from './account-form.tsx';
import { OrganisationForm } from './organisation-form.tsx';

const Security = lazy(() => import('./security.tsx'));

export function SettingsTabs({ hasOrganisation }: { hasOrganisation: boolean }) {
  return (
    <UrlTabs
      label={text.tabsLabel}
      tabs={[
        ...(hasOrganisation
          ? [
              {
                value: 'organisation',
                label: text.tabs.organisation,
                content: (
                  <QueryBoundary>
                    <OrganisationForm />
                  </QueryBoundary>
                ),
              },
            ]
          : []),
        { value: 'account', label: text.tabs.account, content: <AccountForm /> },
        {
          value: 'security',
          label: text.tabs.security,
          content: (
            <QueryBoundary>
              <Security />
            </QueryBoundary>
          ),
        },
      ]}
    />
  );
}
