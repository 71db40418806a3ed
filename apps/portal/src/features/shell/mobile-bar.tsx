'use client';

import type { SessionView } from '@parapet/contracts/portal/session';
import { Menu as MenuIcon, X } from 'lucide-react';
import { Dialog } from 'radix-ui';
import { useState } from 'react';
import { Button } from '#components/button.tsx';
import { common } from '#text/en/common.ts';
import { shell } from '#text/en/shell.ts';
import { AccountMenu } from './account-menu.tsx';
import { OrganisationMenu } from './organisation-menu.tsx';
import { SideNavigation } from './side-navigation.tsx';

/** On narrow screens the navigation is a drawer behind this bar. */
export function MobileBar({ session }: { session: SessionView }) {
  const [open, setOpen] = useState(false);
  return (
    <header className="sticky top-0 z-30 flex h-12 items-center gap-1 border-line border-b bg-surface px-2 lg:hidden">
      <Dialog.Root open={open} onOpenChange={setOpen}>
        <Dialog.Trigger asChild>
          <Button variant="ghost" size="icon" aria-label={shell.openNavigation}>
            <MenuIcon />
          </Button>
        </Dialog.Trigger>
        <Dialog.Portal>
          <Dialog.Overlay className="fixed inset-0 z-40 animate-fade bg-black/45" />
          <Dialog.Content
            aria-describedby={undefined}
            className="fixed inset-y-0 left-0 z-50 flex w-64 animate-slide flex-col border-line border-r bg-surface shadow-float"
          >
            <div className="flex items-center justify-between p-3">
              <Dialog.Title className="px-2 font-semibold text-[0.8125rem]">{common.product}</Dialog.Title>
              <Dialog.Close asChild>
                <Button variant="ghost" size="iconSm" aria-label={common.close}>
                  <X />
                </Button>
              </Dialog.Close>
            </div>
            <SideNavigation onNavigate={() => setOpen(false)} />
          </Dialog.Content>
        </Dialog.Portal>
      </Dialog.Root>
      <div className="min-w-0 flex-1">
        <OrganisationMenu session={session} />
      </div>
      <div>
        <AccountMenu session={session} compact />
      </div>
    </header>
  );
}
