'use client';

import { Slot } from 'radix-ui';
import { lazy, type ReactNode, Suspense } from 'react';
import type { DialogProps } from './dialog-content.tsx';
import { useOnce } from './use-once.ts';

const DialogContent = lazy(() => import('./dialog-content.tsx'));

/** A modal dialog with what opens it. Its code comes when it is first opened. */
export function Dialog({ trigger, ...props }: DialogProps & { trigger?: ReactNode }) {
  const opened = useOnce(props.open);
  return (
    <>
      {trigger ? (
        <Slot.Root aria-haspopup="dialog" aria-expanded={props.open} onClick={() => props.onOpenChange(true)}>
          {trigger}
        </Slot.Root>
      ) : null}
      {opened ? (
        <Suspense>
          <DialogContent {...props}>
            <Suspense>{props.children}</Suspense>
          </DialogContent>
        </Suspense>
      ) : null}
    </>
  );
}

/** The row of buttons that ends a dialog or a form. */
export function DialogActions({ children }: { children: ReactNode }) {
  return <div className="mt-5 flex flex-wrap justify-end gap-2">{children}</div>;
}
