'use client';

import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Plus } from 'lucide-react';
import { type FormEvent, useState } from 'react';
import { Button } from '#components/button.tsx';
import { Dialog, DialogActions } from '#components/dialog.tsx';
import { Field, Input } from '#components/field.tsx';
import { Notice } from '#components/states.tsx';
import { toast } from '#components/toast.tsx';
import { errorText } from '#lib/error-text.ts';
import { useTRPC } from '#lib/trpc/client.tsx';
import { baseModels as text } from '#text/en/base-models.ts';
import { common } from '#text/en/common.ts';

export function AddBaseModel() {
  const [open, setOpen] = useState(false);
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const add = useMutation(
    trpc.admin.baseModels.add.mutationOptions({
      onSuccess: async (_answer, { name }) => {
        setOpen(false);
        toast(text.added(name));
        await queryClient.invalidateQueries(trpc.admin.baseModels.pathFilter());
      },
    }),
  );
  return (
    <Dialog
      open={open}
      onOpenChange={setOpen}
      title={text.addTitle}
      description={text.addText}
      trigger={
        <Button variant="primary">
          <Plus />
          {text.add}
        </Button>
      }
    >
      <form
        className="grid gap-4"
        onSubmit={(event: FormEvent<HTMLFormElement>) => {
          event.preventDefault();
          const fields = new FormData(event.currentTarget);
          add.mutate({ name: String(fields.get('name')), source: String(fields.get('source')) });
        }}
      >
        <Field label={text.name} hint={text.nameHint}>
          <Input name="name" required pattern="[a-z0-9][a-z0-9.\-]{0,63}" autoComplete="off" spellCheck={false} />
        </Field>
        <Field label={text.source} hint={text.sourceHint}>
          <Input name="source" required maxLength={500} autoComplete="off" spellCheck={false} />
        </Field>
        {add.error ? (
          <div role="alert">
            <Notice tone="danger">{errorText(add.error)}</Notice>
          </div>
        ) : null}
        <DialogActions>
          <Button onClick={() => setOpen(false)}>{common.cancel}</Button>
          <Button type="submit" variant="primary" pending={add.isPending}>
            {text.add}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
