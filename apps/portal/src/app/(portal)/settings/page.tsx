import type { Metadata } from 'next';
import { Page } from '#components/page.tsx';
import { SettingsTabs } from '#features/settings/settings-tabs.tsx';
import { Hydrate, prefetch, query, session } from '#lib/trpc/server.tsx';
import { settings as text } from '#text/en/settings.ts';

export const metadata: Metadata = { title: text.title };

export default async function SettingsPage() {
  const hasOrganisation = (await session())?.organisation != null;
  if (hasOrganisation) prefetch(query().organisation.get.queryOptions());
  return (
    <Page title={text.title}>
      <Hydrate>
        <SettingsTabs hasOrganisation={hasOrganisation} />
      </Hydrate>
    </Page>
  );
}
