'use client';

import { QueryBoundary } from '#components/states.tsx';
import { UrlTabs } from '#components/tabs.tsx';
import { settings as text } from '#text/en/settings.ts';
import { AccountForm } from './account-form.tsx';
import { OrganisationForm } from './organisation-form.tsx';
import { PasswordForm } from './password-form.tsx';
import { TwoFactorCard } from './two-factor-card.tsx';

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
            <div className="grid gap-5">
              <TwoFactorCard />
              <PasswordForm />
            </div>
          ),
        },
      ]}
    />
  );
}
