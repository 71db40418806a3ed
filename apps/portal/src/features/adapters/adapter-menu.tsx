'use client';

import type { AdapterDetail } from '@parapet/contracts/portal/adapters';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Ellipsis, Pencil, Trash2 } from 'lucide-react';
import { useRouter } from 'next/navigation';
import { type FormEvent, useState } from 'react';
import { Button } from '#components/button.tsx';
import { Confirm } from '#components/confirm.tsx';
import { Dialog, DialogActions } from '#components/dialog.tsx';
import { Field, Input } from '#components/field.tsx';
import { Menu, MenuItem } from '#components/menu.tsx';
import { toast } from '#components/toast.tsx';
import { errorText } from '#lib/error-text.ts';
import { useMay } from '#lib/permissions.tsx';
import { useTRPC } from '#lib/trpc/client.tsx';
import { adapters as text } from '#text/en/adapters.ts';
import { common } from '#text/en/common.ts';

export function AdapterMenu({ adapter }: { adapter: AdapterDetail }) {
  const [open, setOpen] = useState<'rename' | 'delete' | null>(null);
  const may = useMay('developer');
  const trpc = useTRPC();
  const router = useRouter();
  const queryClient = useQueryClient();
  const rename = useMutation(
    trpc.adapters.rename.mutationOptions({
      onSuccess: async () => {
        setOpen(null);
        await queryClient.invalidateQueries(trpc.adapters.pathFilter());
      },
    }),
  );
  const remove = useMutation(trpc.adapters.delete.mutationOptions());
  if (!may) return null;
  const close = (next: boolean) => setOpen(next ? open : null);
  return (
    <>
      <Menu
        trigger={
          <Button size="icon" aria-label={common.actionsFor(adapter.name)}>
            <Ellipsis />
          </Button>
        }
      >
        <MenuItem onSelect={() => setOpen('rename')}>
          <Pencil />
          {text.rename}
        </MenuItem>
        <MenuItem tone="danger" onSelect={() => setOpen('delete')}>
          <Trash2 />
          {text.delete}
        </MenuItem>
      </Menu>
      <Dialog open={open === 'rename'} onOpenChange={close} title={text.renameTitle(adapter.name)}>
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
            <Button onClick={() => setOpen(null)}>{common.cancel}</Button>
            <Button type="submit" variant="primary" pending={rename.isPending}>
              {common.save}
            </Button>
          </DialogActions>
        </form>
      </Dialog>
      <Confirm
        open={open === 'delete'}
        onOpenChange={close}
        title={text.deleteTitle(adapter.name)}
        action={text.delete}
        typed={adapter.name}
        onConfirm={async () => {
          await remove.mutateAsync({ adapterId: adapter.id });
          toast(text.deleted(adapter.name));
          router.push('/adapters');
          await queryClient.invalidateQueries(trpc.adapters.list.pathFilter());
        }}
      >
        {text.deleteText}
      </Confirm>
    </>
  );
}
