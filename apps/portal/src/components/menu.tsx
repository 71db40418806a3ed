'use client';

import { Slot } from 'radix-ui';
import { type ComponentProps, type KeyboardEvent, lazy, type ReactNode, Suspense, useState } from 'react';
import type * as Content from './menu-content.tsx';

const load = () => import('./menu-content.tsx');
const MenuRoot = lazy(async () => ({ default: (await load()).MenuRoot }));
const Item = lazy(async () => ({ default: (await load()).MenuItem }));
const Radio = lazy(async () => ({ default: (await load()).MenuRadio }));
const Label = lazy(async () => ({ default: (await load()).MenuLabel }));
const Separator = lazy(async () => ({ default: (await load()).MenuSeparator }));

/** A menu behind a button. Its code comes when the pointer or the focus is near; until then the button stands alone. */
export function Menu({
  trigger,
  align,
  children,
}: {
  trigger: ReactNode;
  align?: 'start' | 'end';
  children: ReactNode;
}) {
  const [open, setOpen] = useState(false);
  const [used, setUsed] = useState(false);
  const start = () => {
    setUsed(true);
    setOpen(true);
  };
  const button = (
    <Slot.Root
      aria-haspopup="menu"
      aria-expanded={false}
      onPointerEnter={load}
      onFocus={load}
      onClick={start}
      onKeyDown={(event: KeyboardEvent) => {
        if (event.key !== 'ArrowDown') return;
        event.preventDefault();
        start();
      }}
    >
      {trigger}
    </Slot.Root>
  );
  if (!used) return button;
  return (
    <Suspense fallback={button}>
      <MenuRoot trigger={trigger} align={align} open={open} onOpenChange={setOpen}>
        <Suspense>{children}</Suspense>
      </MenuRoot>
    </Suspense>
  );
}

export const MenuItem = (props: ComponentProps<typeof Content.MenuItem>) => <Item {...props} />;
export const MenuRadio = (props: ComponentProps<typeof Content.MenuRadio>) => <Radio {...props} />;
export const MenuLabel = (props: ComponentProps<typeof Content.MenuLabel>) => <Label {...props} />;
export const MenuSeparator = () => <Separator />;
