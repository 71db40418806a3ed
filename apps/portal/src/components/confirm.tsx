'use client';

import { Slot } from 'radix-ui';
import { lazy, type ReactNode, Suspense, useState } from 'react';
import type { ConfirmProps } from './confirm-content.tsx';
import { useOnce } from './use-once.ts';

const ConfirmContent = lazy(() => import('./confirm-content.tsx'));

/** Asks before something is destroyed, and says whether it can be undone. Its code comes when it is first opened. */
export function Confirm({
  trigger,
  open: controlled,
  onOpenChange,
  ...props
}: Omit<ConfirmProps, 'open' | 'onOpenChange'> & {
  trigger?: ReactNode;
  open?: boolean;
  onOpenChange?: (open: boolean) => void;
}) {
  const [own, setOwn] = useState(false);
  const open = controlled ?? own;
  const opened = useOnce(open);
  function change(next: boolean) {
    setOwn(next);
    onOpenChange?.(next);
  }
  return (
    <>
      {trigger ? (
        <Slot.Root aria-haspopup="dialog" aria-expanded={open} onClick={() => change(true)}>
          {trigger}
        </Slot.Root>
      ) : null}
      {opened ? (
        <Suspense>
          <ConfirmContent open={open} onOpenChange={change} {...props} />
        </Suspense>
      ) : null}
    </>
  );
}
