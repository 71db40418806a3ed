import type { SessionView } from '@parapet/contracts/portal/session';
import { Eye, TriangleAlert } from 'lucide-react';
import type { ReactNode } from 'react';
import { formatRelative } from '#lib/format.ts';
import { common } from '#text/en/common.ts';
import { shell } from '#text/en/shell.ts';
import { AccountMenu } from './account-menu.tsx';
import { MobileBar } from './mobile-bar.tsx';
import { OrganisationMenu } from './organisation-menu.tsx';
import { SideNavigation } from './side-navigation.tsx';
import { StopViewing } from './stop-viewing.tsx';

/** The frame around every signed-in page. */
export function Shell({ session, children }: { session: SessionView; children: ReactNode }) {
  return (
    <div className="min-h-dvh lg:grid lg:grid-cols-[15rem_minmax(0,1fr)]">
      <a
        href="#content"
        className="sr-only z-60 rounded-md bg-accent font-medium text-accent-ink focus:not-sr-only focus:fixed focus:top-2 focus:left-2 focus:px-3 focus:py-2"
      >
        {common.skipToContent}
      </a>
      <aside className="sticky top-0 hidden h-dvh flex-col border-line border-r bg-surface lg:flex">
        <div className="p-3">
          <OrganisationMenu session={session} />
        </div>
        <SideNavigation />
        <div className="border-line border-t p-3">
          <AccountMenu session={session} />
        </div>
      </aside>
      <div className="min-w-0">
        <MobileBar session={session}>
          <SideNavigation />
        </MobileBar>
        {session.impersonation ? (
          <Banner icon={<Eye className="size-4" aria-hidden="true" />} action={<StopViewing />}>
            {shell.viewingAs(session.impersonation.organisationName)}{' '}
            {shell.viewingUntil(formatRelative(session.impersonation.until))}
          </Banner>
        ) : null}
        {session.organisation?.suspended ? (
          <Banner icon={<TriangleAlert className="size-4" aria-hidden="true" />}>{shell.suspended}</Banner>
        ) : null}
        <main id="content" tabIndex={-1} className="outline-none">
          {children}
        </main>
      </div>
    </div>
  );
}

function Banner({ icon, action, children }: { icon: ReactNode; action?: ReactNode; children: ReactNode }) {
  return (
    <div
      role="status"
      className="flex flex-wrap items-center gap-2.5 border-warn/40 border-b bg-warn-soft px-4 py-2 text-[0.8125rem] text-warn-text sm:px-6 lg:px-8"
    >
      {icon}
      <p className="min-w-0 flex-1">{children}</p>
      {action}
    </div>
  );
}
