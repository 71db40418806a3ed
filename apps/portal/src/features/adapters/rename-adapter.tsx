'use client';

import type { AdapterDetail } from '@parapet/contracts/portal/adapters';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import type { FormEvent } from 'react';
import { Button } from '#components/button.tsx';
import { Dialog, DialogActions } from '#components/dialog.tsx';
import { Field, Input } from '#components/field.tsx';
import { errorText } from '#lib/error-text.ts';
import { useTRPC } from '#lib/trpc/client.tsx';
import { adapters as text } from '#text/en/adapters.ts';
import { common } from '#text/en/common.ts';

export function RenameAdapter({
  adapter,
  open,
  onOpenChange,
}: {
  adapter: AdapterDetail;
  open: boolean;
  onOpenChange: (open: boolean) => void;
}) {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const rename = useMutation(
    trpc.adapters.rename.mutationOptions({
      onSuccess: async () => {
        onOpenChange(false);
        await queryClient.invalidateQueries(trpc.adapters.pathFilter());
      },
    }),
  );
  return (
    <Dialog open={open} onOpenChange={onOpenChange} title={text.renameTitle(adapter.name)}>
      <form
        onSubmit={(event: FormEvent<HTMLFormElement>) => {
          event.preventDefault();
          rename.mutate({ adapterId: adapter.id, name: String(new FormData(event.currentTarget).get('name')) });
        }}
      >
        <Field label={common.name} hint={text.renameHint} error={rename.error ? errorText(rename.error) : undefined}>
          <Input name="name" defaultValue={adapter.name} required maxLength={80} />
        </Field>
        <DialogActions>
          <Button onClick={() => onOpenChange(false)}>{common.cancel}</Button>
          <Button type="submit" variant="primary" pending={rename.isPending}>
            {common.save}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
