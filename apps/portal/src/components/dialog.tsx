'use client';

import { X } from 'lucide-react';
import { Dialog as Primitive } from 'radix-ui';
import type { ReactNode } from 'react';
import { cn } from '#lib/cn.ts';
import { common } from '#text/en/common.ts';
import { Button } from './button.tsx';

/** A modal dialog: focus stays inside, Escape closes, focus goes back to where it came from. */
export function Dialog({
  open,
  onOpenChange,
  trigger,
  title,
  description,
  wide,
  children,
}: {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  trigger?: ReactNode;
  title: string;
  description?: ReactNode;
  wide?: boolean;
  children: ReactNode;
}) {
  return (
    <Primitive.Root open={open} onOpenChange={onOpenChange}>
      {trigger ? <Primitive.Trigger asChild>{trigger}</Primitive.Trigger> : null}
      <Primitive.Portal>
        <Primitive.Overlay className="fixed inset-0 z-40 animate-fade bg-black/45 backdrop-blur-[2px]" />
        <Primitive.Content
          className={cn(
            'fixed inset-x-3 top-[max(1rem,8vh)] z-50 mx-auto max-h-[84vh] animate-rise overflow-y-auto rounded-xl border border-line bg-surface p-5 shadow-float',
            wide ? 'max-w-2xl' : 'max-w-md',
          )}
          {...(description ? {} : { 'aria-describedby': undefined })}
        >
          <div className="mb-4 pr-8">
            <Primitive.Title className="font-semibold text-base">{title}</Primitive.Title>
            {description ? (
              <Primitive.Description asChild>
                <div className="mt-1 text-[0.8125rem] text-muted">{description}</div>
              </Primitive.Description>
            ) : null}
          </div>
          {children}
          <Primitive.Close asChild>
            <Button variant="ghost" size="iconSm" className="absolute top-4 right-4" aria-label={common.close}>
              <X />
            </Button>
          </Primitive.Close>
        </Primitive.Content>
      </Primitive.Portal>
    </Primitive.Root>
  );
}

/** The row of buttons that ends a dialog or a form. */
export function DialogActions({ children }: { children: ReactNode }) {
  return <div className="mt-5 flex flex-wrap justify-end gap-2">{children}</div>;
}
