'use client';

import type { CreatedKey, KeyView } from '@parapet/contracts/portal/keys';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { Button } from '#components/button.tsx';
import { Dialog, DialogActions } from '#components/dialog.tsx';
import { Field, Input, Select } from '#components/field.tsx';
import { Notice } from '#components/states.tsx';
import { toast } from '#components/toast.tsx';
import { errorText } from '#lib/error-text.ts';
import { useTRPC } from '#lib/trpc/client.tsx';
import { common } from '#text/en/common.ts';
import { keys as text } from '#text/en/keys.ts';
import { limitFields } from './limit-fields.ts';
import { LimitInputs } from './limit-inputs.tsx';
import NewSecret from './new-secret.tsx';

type DialogProps = { keyView: KeyView; open: boolean; onOpenChange: (open: boolean) => void };

export function EditKey({ keyView: key, open, onOpenChange }: DialogProps) {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const update = useMutation(
    trpc.keys.update.mutationOptions({
      onSuccess: async () => {
        onOpenChange(false);
        toast(common.saved);
        await queryClient.invalidateQueries(trpc.keys.pathFilter());
      },
    }),
  );
  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const fields = new FormData(event.currentTarget);
    update.mutate({ keyId: key.id, name: String(fields.get('name')), ...limitFields(fields) });
  }
  return (
    <Dialog open={open} onOpenChange={onOpenChange} title={text.editTitle(key.name)}>
      <form onSubmit={submit} className="grid gap-4">
        <Field label={text.name}>
          <Input name="name" defaultValue={key.name} required maxLength={80} />
        </Field>
        <LimitInputs rpm={key.requestsPerMinute} tpm={key.tokensPerMinute} budgetMicros={key.monthlyBudgetMicros} />
        {update.error ? (
          <div role="alert">
            <Notice tone="danger">{errorText(update.error)}</Notice>
          </div>
        ) : null}
        <DialogActions>
          <Button onClick={() => onOpenChange(false)}>{common.cancel}</Button>
          <Button type="submit" variant="primary" pending={update.isPending}>
            {common.save}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}

export function RotateKey({ keyView: key, open, onOpenChange }: DialogProps) {
  const [created, setCreated] = useState<CreatedKey | null>(null);
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const rotate = useMutation(trpc.keys.rotate.mutationOptions({ onSuccess: setCreated }));
  function close() {
    onOpenChange(false);
    setCreated(null);
    rotate.reset();
    void queryClient.invalidateQueries(trpc.keys.pathFilter());
  }
  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    rotate.mutate({ keyId: key.id, overlapHours: Number(new FormData(event.currentTarget).get('overlap')) });
  }
  return (
    <Dialog
      open={open}
      onOpenChange={(next) => (next ? onOpenChange(true) : close())}
      title={created ? text.createdTitle : text.rotateTitle(key.name)}
      description={created ? text.createdText : text.rotateText}
    >
      {created ? (
        <NewSecret secret={created.secret} onDone={close} />
      ) : (
        <form onSubmit={submit} className="grid gap-4">
          <Field label={text.overlap}>
            <Select name="overlap" defaultValue="24">
              {Object.entries(text.overlaps).map(([value, label]) => (
                <option key={value} value={value}>
                  {label}
                </option>
              ))}
            </Select>
          </Field>
          {rotate.error ? (
            <div role="alert">
              <Notice tone="danger">{errorText(rotate.error)}</Notice>
            </div>
          ) : null}
          <DialogActions>
            <Button onClick={close}>{common.cancel}</Button>
            <Button type="submit" variant="primary" pending={rotate.isPending}>
              {text.rotate}
            </Button>
          </DialogActions>
        </form>
      )}
    </Dialog>
  );
}
