'use client';

import type { KeyView } from '@parapet/contracts/portal/keys';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Ellipsis, RotateCw, SlidersHorizontal, Trash2 } from 'lucide-react';
import { lazy, Suspense, useState } from 'react';
import { Button } from '#components/button.tsx';
import { Confirm } from '#components/confirm.tsx';
import { Menu, MenuItem } from '#components/menu.tsx';
import { toast } from '#components/toast.tsx';
import { useMay } from '#lib/permissions.tsx';
import { useTRPC } from '#lib/trpc/client.tsx';
import { common } from '#text/en/common.ts';
import { keys as text } from '#text/en/keys.ts';

const EditKey = lazy(async () => ({ default: (await import('./key-dialogs.tsx')).EditKey }));
const RotateKey = lazy(async () => ({ default: (await import('./key-dialogs.tsx')).RotateKey }));

export function KeyMenu({ keyView: key }: { keyView: KeyView }) {
  const [open, setOpen] = useState<'edit' | 'rotate' | 'revoke' | null>(null);
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const revoke = useMutation(trpc.keys.revoke.mutationOptions());
  const close = (next: boolean) => setOpen(next ? open : null);
  if (!useMay('developer') || key.state === 'revoked') return null;
  return (
    <>
      <Menu
        trigger={
          <Button variant="ghost" size="iconSm" aria-label={common.actionsFor(key.name)}>
            <Ellipsis />
          </Button>
        }
      >
        <MenuItem onSelect={() => setOpen('edit')}>
          <SlidersHorizontal />
          {text.edit}
        </MenuItem>
        <MenuItem onSelect={() => setOpen('rotate')}>
          <RotateCw />
          {text.rotate}
        </MenuItem>
        <MenuItem tone="danger" onSelect={() => setOpen('revoke')}>
          <Trash2 />
          {text.revoke}
        </MenuItem>
      </Menu>
      <Suspense>
        {open === 'edit' ? <EditKey keyView={key} open onOpenChange={close} /> : null}
        {open === 'rotate' ? <RotateKey keyView={key} open onOpenChange={close} /> : null}
      </Suspense>
      <Confirm
        open={open === 'revoke'}
        onOpenChange={close}
        title={text.revokeTitle(key.name)}
        action={text.revoke}
        onConfirm={async () => {
          await revoke.mutateAsync({ keyId: key.id });
          toast(text.revoked(key.name));
          await queryClient.invalidateQueries(trpc.keys.pathFilter());
        }}
      >
        {text.revokeText}
      </Confirm>
    </>
  );
}
