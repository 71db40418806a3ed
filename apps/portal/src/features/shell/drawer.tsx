'use client';

import { X } from 'lucide-react';
import { usePathname } from 'next/navigation';
import { Dialog } from 'radix-ui';
import { type ReactNode, useEffect, useRef } from 'react';
import { Button } from '#components/button.tsx';
import { useOpener } from '#components/use-opener.ts';
import { common } from '#text/en/common.ts';

/** The navigation as a drawer over the page. */
export default function Drawer({
  open,
  onOpenChange,
  children,
}: {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  children: ReactNode;
}) {
  const pathname = usePathname();
  const cameFrom = useRef(pathname);
  useEffect(() => {
    if (cameFrom.current === pathname) return;
    cameFrom.current = pathname;
    onOpenChange(false);
  }, [pathname, onOpenChange]);

  const opener = useOpener(open);
  return (
    <Dialog.Root open={open} onOpenChange={onOpenChange}>
      <Dialog.Portal>
        <Dialog.Overlay className="fixed inset-0 z-40 animate-fade bg-black/45" />
        <Dialog.Content
          aria-describedby={undefined}
          onCloseAutoFocus={(event) => {
            event.preventDefault();
            opener.current?.focus();
          }}
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
          {children}
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
