'use client';

import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Upload } from 'lucide-react';
import { useRouter } from 'next/navigation';
import { type FormEvent, useState } from 'react';
import { Button } from '#components/button.tsx';
import { Dialog, DialogActions } from '#components/dialog.tsx';
import { Field, Input } from '#components/field.tsx';
import { Notice } from '#components/states.tsx';
import { toast } from '#components/toast.tsx';
import { errorText, RefusedError } from '#lib/error-text.ts';
import { useMay } from '#lib/permissions.tsx';
import { useTRPC } from '#lib/trpc/client.tsx';
import { adapters as text } from '#text/en/adapters.ts';
import { common } from '#text/en/common.ts';

/** Sends an adapter file; the gateway checks all of it before it keeps any. */
async function importAdapter(form: FormData): Promise<{ id: string; name: string }> {
  const answer = await fetch('/v1/parapet/adapters', { method: 'POST', body: form });
  const body = (await answer.json()) as { id: string; name: string; error?: { message: string; code: string | null } };
  if (!answer.ok)
    throw new RefusedError(body.error?.message ?? answer.statusText, answer.status, body.error?.code ?? null);
  return body;
}

export function ImportAdapter() {
  const [open, setOpen] = useState(false);
  const may = useMay('developer');
  const trpc = useTRPC();
  const router = useRouter();
  const queryClient = useQueryClient();
  const send = useMutation({
    mutationFn: importAdapter,
    onSuccess: async (adapter) => {
      setOpen(false);
      toast(text.imported(adapter.name));
      router.push(`/adapters/${adapter.id}`);
      await queryClient.invalidateQueries(trpc.adapters.pathFilter());
    },
  });
  if (!may) return null;
  return (
    <Dialog
      open={open}
      onOpenChange={setOpen}
      title={text.importTitle}
      description={text.importText}
      trigger={
        <Button>
          <Upload />
          {text.import}
        </Button>
      }
    >
      <form
        className="grid gap-4"
        onSubmit={(event: FormEvent<HTMLFormElement>) => {
          event.preventDefault();
          send.mutate(new FormData(event.currentTarget));
        }}
      >
        <Field label={text.importName} hint={text.importNameHint}>
          <Input name="name" required pattern="[A-Za-z0-9][A-Za-z0-9\-]{0,63}" autoComplete="off" />
        </Field>
        <Field label={text.importFile}>
          <Input name="file" type="file" accept=".safetensors" required className="py-1.5" />
        </Field>
        {send.error ? (
          <div role="alert">
            <Notice tone="danger">{errorText(send.error)}</Notice>
          </div>
        ) : null}
        <DialogActions>
          <Button onClick={() => setOpen(false)}>{common.cancel}</Button>
          <Button type="submit" variant="primary" pending={send.isPending}>
            {text.import}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
