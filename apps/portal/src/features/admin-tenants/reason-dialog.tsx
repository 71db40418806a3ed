'use client';

import { type FormEvent, type ReactNode, useState } from 'react';
import { Button } from '#components/button.tsx';
import { Dialog, DialogActions } from '#components/dialog.tsx';
import { Field, Input } from '#components/field.tsx';
import { errorText } from '#lib/error-text.ts';
import { tenants as text } from '#text/en/admin.ts';
import { common } from '#text/en/common.ts';

/** Asks for the reason of what an admin does to a tenant, before it is done. */
export function ReasonDialog({
  trigger,
  title,
  description,
  action,
  danger,
  onConfirm,
}: {
  trigger: ReactNode;
  title: string;
  description: string;
  action: string;
  danger?: boolean;
  onConfirm: (reason: string) => Promise<void>;
}) {
  const [open, setOpen] = useState(false);
  const [pending, setPending] = useState(false);
  const [error, setError] = useState<unknown>(null);

  async function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const reason = String(new FormData(event.currentTarget).get('reason'));
    setPending(true);
    setError(null);
    try {
      await onConfirm(reason);
      setOpen(false);
    } catch (caught) {
      setError(caught);
    } finally {
      setPending(false);
    }
  }

  return (
    <Dialog
      open={open}
      onOpenChange={setOpen}
      trigger={trigger}
      title={title}
      description={
        danger ? (
          <>
            {description} <strong className="font-medium text-ink">{common.undoable}</strong>
          </>
        ) : (
          description
        )
      }
    >
      <form onSubmit={submit}>
        <Field label={text.reason} hint={text.reasonHint} error={error ? errorText(error) : undefined}>
          <Input name="reason" required maxLength={500} autoComplete="off" />
        </Field>
        <DialogActions>
          <Button onClick={() => setOpen(false)}>{common.cancel}</Button>
          <Button type="submit" variant={danger ? 'danger' : 'primary'} pending={pending}>
            {action}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
