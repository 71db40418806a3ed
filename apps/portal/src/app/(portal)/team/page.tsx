import type { Metadata } from 'next';
import { Page } from '#components/page.tsx';
import { Invite } from '#features/team/invite.tsx';
import { TeamTabs } from '#features/team/team-tabs.tsx';
import { Hydrate, prefetch, query } from '#lib/trpc/server.tsx';
import { team as text } from '#text/en/team.ts';

export const metadata: Metadata = { title: text.title };

export default function TeamPage() {
  prefetch(query().organisation.members.queryOptions());
  return (
    <Page title={text.title} description={text.description} actions={<Invite />}>
      <Hydrate>
        <TeamTabs />
      </Hydrate>
    </Page>
  );
}
