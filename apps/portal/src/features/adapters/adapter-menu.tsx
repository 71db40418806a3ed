'use client';

import type { AdapterDetail } from '@parapet/contracts/portal/adapters';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Ellipsis, Pencil, Trash2 } from 'lucide-react';
import { useRouter } from 'next/navigation';
import { lazy, Suspense, useState } from 'react';
import { Button } from '#components/button.tsx';
import { Confirm } from '#components/confirm.tsx';
import { Menu, MenuItem } from '#components/menu.tsx';
import { toast } from '#components/toast.tsx';
import { useOnce } from '#components/use-once.ts';
import { useMay } from '#lib/permissions.tsx';
import { useTRPC } from '#lib/trpc/client.tsx';
import { adapters as text } from '#text/en/adapters.ts';
import { common } from '#text/en/common.ts';

const RenameAdapter = lazy(async () => ({ default: (await import('./rename-adapter.tsx')).RenameAdapter }));

export function AdapterMenu({ adapter }: { adapter: AdapterDetail }) {
  const [open, setOpen] = useState<'rename' | 'delete' | null>(null);
  const renamed = useOnce(open === 'rename');
  const may = useMay('developer');
  const trpc = useTRPC();
  const router = useRouter();
  const queryClient = useQueryClient();
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
      {renamed ? (
        <Suspense>
          <RenameAdapter adapter={adapter} open={open === 'rename'} onOpenChange={close} />
        </Suspense>
      ) : null}
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
