'use client';

import { X } from 'lucide-react';
import { Dialog as Primitive } from 'radix-ui';
import type { ReactNode } from 'react';
import { cn } from '#lib/cn.ts';
import { common } from '#text/en/common.ts';
import { Button } from './button.tsx';
import { useOpener } from './use-opener.ts';

export type DialogProps = {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  title: string;
  description?: ReactNode;
  wide?: boolean;
  children: ReactNode;
};

/** A modal dialog: focus stays inside, Escape closes, focus goes back to where it came from. */
export default function DialogContent({ open, onOpenChange, title, description, wide, children }: DialogProps) {
  const opener = useOpener(open);
  return (
    <Primitive.Root open={open} onOpenChange={onOpenChange}>
      <Primitive.Portal>
        <Primitive.Overlay className="fixed inset-0 z-40 animate-fade bg-black/45 backdrop-blur-[2px]" />
        <Primitive.Content
          onCloseAutoFocus={(event) => {
            event.preventDefault();
            opener.current?.focus();
          }}
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
