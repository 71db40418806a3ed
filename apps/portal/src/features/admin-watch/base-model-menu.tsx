'use client';

import type { BaseModelView } from '@parapet/contracts/portal/admin';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Archive, ArchiveRestore, Coins, Ellipsis, Star } from 'lucide-react';
import { useState } from 'react';
import { Button } from '#components/button.tsx';
import { Confirm } from '#components/confirm.tsx';
import { Menu, MenuItem } from '#components/menu.tsx';
import { toast } from '#components/toast.tsx';
import { errorText } from '#lib/error-text.ts';
import { useTRPC } from '#lib/trpc/client.tsx';
import { baseModels as text } from '#text/en/base-models.ts';
import { common } from '#text/en/common.ts';
import { PriceDialog } from './price-dialog.tsx';

/** What can be done with a base model besides looking into it. */
export function BaseModelMenu({ model }: { model: BaseModelView }) {
  const [open, setOpen] = useState<'price' | 'retire' | null>(null);
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const reload = () => queryClient.invalidateQueries(trpc.admin.baseModels.pathFilter());
  const retire = useMutation(trpc.admin.baseModels.retire.mutationOptions());
  const tell = (sentence: string) => ({
    onSuccess: async () => {
      toast(sentence);
      await reload();
    },
    onError: (error: unknown) => toast(errorText(error), { tone: 'danger' as const }),
  });
  const makeDefault = useMutation(trpc.admin.baseModels.setDefault.mutationOptions(tell(text.madeDefault(model.name))));
  const restore = useMutation(trpc.admin.baseModels.restore.mutationOptions(tell(text.restored(model.name))));
  const close = (next: boolean) => setOpen(next ? open : null);
  return (
    <>
      <Menu
        trigger={
          <Button variant="ghost" size="iconSm" aria-label={common.actionsFor(model.name)}>
            <Ellipsis />
          </Button>
        }
      >
        <MenuItem onSelect={() => setOpen('price')}>
          <Coins />
          {text.setPrice}
        </MenuItem>
        {model.isDefault || model.state !== 'ready' ? null : (
          <MenuItem onSelect={() => makeDefault.mutate({ baseModelId: model.id })}>
            <Star />
            {text.makeDefault}
          </MenuItem>
        )}
        {model.state === 'retired' ? (
          <MenuItem onSelect={() => restore.mutate({ baseModelId: model.id })}>
            <ArchiveRestore />
            {text.restore}
          </MenuItem>
        ) : null}
        {model.isDefault || model.state === 'retired' ? null : (
          <MenuItem tone="danger" onSelect={() => setOpen('retire')}>
            <Archive />
            {text.retire}
          </MenuItem>
        )}
      </Menu>
      <PriceDialog model={model} open={open === 'price'} onOpenChange={close} />
      <Confirm
        open={open === 'retire'}
        onOpenChange={close}
        title={text.retireTitle(model.name)}
        action={text.retire}
        undoable={text.retireUndo}
        onConfirm={async () => {
          await retire.mutateAsync({ baseModelId: model.id });
          toast(text.retired(model.name));
          await reload();
        }}
      >
        {text.retireText}
      </Confirm>
    </>
  );
}
