'use client';

import type { AdapterDetail, AdapterVersionView } from '@parapet/contracts/portal/adapters';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Download, Ellipsis, Tag, Trash2 } from 'lucide-react';
import { lazy, Suspense, useState } from 'react';
import { Button } from '#components/button.tsx';
import { Confirm } from '#components/confirm.tsx';
import { Menu, MenuItem, MenuSeparator } from '#components/menu.tsx';
import { toast } from '#components/toast.tsx';
import { useOnce } from '#components/use-once.ts';
import { useMay } from '#lib/permissions.tsx';
import { useTRPC } from '#lib/trpc/client.tsx';
import { adapters } from '#text/en/adapters.ts';
import { common } from '#text/en/common.ts';
import { useAlias } from './use-alias.ts';

const AddAlias = lazy(async () => ({ default: (await import('./add-alias.tsx')).AddAlias }));

const text = adapters.versions;

export function VersionMenu({ adapter, version }: { adapter: AdapterDetail; version: AdapterVersionView }) {
  const [open, setOpen] = useState<'delete' | 'alias' | null>(null);
  const added = useOnce(open === 'alias');
  const may = useMay('developer');
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const alias = useAlias(adapter.id);
  const remove = useMutation(trpc.adapters.deleteVersion.mutationOptions());
  const movable = adapter.aliases.filter((one) => one.versionId !== version.id);
  const close = (next: boolean) => setOpen(next ? open : null);
  return (
    <>
      <Menu
        trigger={
          <Button variant="ghost" size="iconSm" aria-label={common.actionsFor(adapters.versionShort(version.version))}>
            <Ellipsis />
          </Button>
        }
      >
        {may
          ? movable.map((one) => (
              <MenuItem key={one.name} onSelect={() => void alias.move(one.name, version, false).catch(alias.failed)}>
                <Tag />
                {text.point(one.name)}
              </MenuItem>
            ))
          : null}
        {may ? (
          <>
            <MenuItem onSelect={() => setOpen('alias')}>
              <Tag />
              {text.newAlias}
            </MenuItem>
            <MenuSeparator />
          </>
        ) : null}
        <MenuItem asChild>
          <a href={`/v1/parapet/adapters/${version.id}/content`} download>
            <Download />
            {text.download}
          </a>
        </MenuItem>
        {may ? (
          <MenuItem tone="danger" onSelect={() => setOpen('delete')}>
            <Trash2 />
            {text.delete}
          </MenuItem>
        ) : null}
      </Menu>
      {added ? (
        <Suspense>
          <AddAlias adapter={adapter} version={version} open={open === 'alias'} onOpenChange={close} />
        </Suspense>
      ) : null}
      <Confirm
        open={open === 'delete'}
        onOpenChange={close}
        title={text.deleteTitle(version.version)}
        action={text.delete}
        onConfirm={async () => {
          await remove.mutateAsync({ versionId: version.id });
          toast(text.deleted(version.version));
          await queryClient.invalidateQueries(trpc.adapters.pathFilter());
        }}
      >
        {text.deleteText}
      </Confirm>
    </>
  );
}
