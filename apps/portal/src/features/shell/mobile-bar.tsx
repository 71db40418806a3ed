'use client';

import type { SessionView } from '@parapet/contracts/portal/session';
import { Menu as MenuIcon } from 'lucide-react';
import { lazy, type ReactNode, Suspense, useState } from 'react';
import { Button } from '#components/button.tsx';
import { useOnce } from '#components/use-once.ts';
import { shell } from '#text/en/shell.ts';
import { AccountMenu } from './account-menu.tsx';
import { OrganisationMenu } from './organisation-menu.tsx';

const Drawer = lazy(() => import('./drawer.tsx'));

/** On narrow screens the navigation is a drawer behind this bar. */
export function MobileBar({ session, children }: { session: SessionView; children: ReactNode }) {
  const [open, setOpen] = useState(false);
  const opened = useOnce(open);
  return (
    <header className="sticky top-0 z-30 flex h-12 items-center gap-1 border-line border-b bg-surface px-2 lg:hidden">
      <Button
        variant="ghost"
        size="icon"
        aria-label={shell.openNavigation}
        aria-haspopup="dialog"
        aria-expanded={open}
        onClick={() => setOpen(true)}
      >
        <MenuIcon />
      </Button>
      {opened ? (
        <Suspense>
          <Drawer open={open} onOpenChange={setOpen}>
            {children}
          </Drawer>
        </Suspense>
      ) : null}
      <div className="min-w-0 flex-1">
        <OrganisationMenu session={session} />
      </div>
      <div>
        <AccountMenu session={session} compact />
      </div>
    </header>
  );
}
