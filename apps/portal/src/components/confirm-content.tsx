'use client';

import { AlertDialog } from 'radix-ui';
import { type ReactNode, useState } from 'react';
import { errorText } from '#lib/error-text.ts';
import { common } from '#text/en/common.ts';
import { Button } from './button.tsx';
import { Field, Input } from './field.tsx';
import { Notice } from './states.tsx';
import { useOpener } from './use-opener.ts';

export type ConfirmProps = {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  title: string;
  children?: ReactNode;
  action: string;
  /** false = it says that it can't be undone; a sentence = how it can. */
  undoable?: boolean | string;
  /** A word to type first, for what takes much with it. */
  typed?: string;
  onConfirm: () => Promise<unknown>;
};

/** The dialog that asks. Stays open and tells why when the action fails. */
export default function ConfirmContent({
  open,
  onOpenChange,
  title,
  children,
  action,
  undoable = false,
  typed,
  onConfirm,
}: ConfirmProps) {
  const [word, setWord] = useState('');
  const [pending, setPending] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const opener = useOpener(open);

  function change(next: boolean) {
    if (pending) return;
    setWord('');
    setError(null);
    onOpenChange(next);
  }

  async function confirm() {
    setPending(true);
    setError(null);
    try {
      await onConfirm();
      onOpenChange(false);
    } catch (caught) {
      setError(caught);
    } finally {
      setPending(false);
    }
  }

  return (
    <AlertDialog.Root open={open} onOpenChange={change}>
      <AlertDialog.Portal>
        <AlertDialog.Overlay className="fixed inset-0 z-40 animate-fade bg-black/45 backdrop-blur-[2px]" />
        <AlertDialog.Content
          onCloseAutoFocus={(event) => {
            event.preventDefault();
            opener.current?.focus();
          }}
          className="fixed inset-x-3 top-[max(1rem,14vh)] z-50 mx-auto max-w-md animate-rise rounded-xl border border-line bg-surface p-5 shadow-float"
        >
          <AlertDialog.Title className="font-semibold text-base">{title}</AlertDialog.Title>
          <AlertDialog.Description asChild>
            <div className="mt-1.5 text-[0.8125rem] text-muted">
              {children}{' '}
              <strong className="font-medium text-ink">
                {typeof undoable === 'string' ? undoable : undoable ? common.undoable : common.notUndoable}
              </strong>
            </div>
          </AlertDialog.Description>
          {typed ? (
            <Field label={common.typeToConfirm(typed)} className="mt-4">
              <Input value={word} onChange={(event) => setWord(event.target.value)} autoComplete="off" />
            </Field>
          ) : null}
          {error ? (
            <div role="alert" className="mt-4">
              <Notice tone="danger">{errorText(error)}</Notice>
            </div>
          ) : null}
          <div className="mt-5 flex flex-wrap justify-end gap-2">
            <AlertDialog.Cancel asChild>
              <Button disabled={pending}>{common.cancel}</Button>
            </AlertDialog.Cancel>
            <Button
              variant={undoable ? 'primary' : 'danger'}
              pending={pending}
              disabled={typed !== undefined && word !== typed}
              onClick={confirm}
            >
              {action}
            </Button>
          </div>
        </AlertDialog.Content>
      </AlertDialog.Portal>
    </AlertDialog.Root>
  );
}
