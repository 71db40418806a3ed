'use client';

import type { DatasetView } from '@parapet/contracts/portal/datasets';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Download, Ellipsis, Trash2 } from 'lucide-react';
import { useRouter } from 'next/navigation';
import { useState } from 'react';
import { Button } from '#components/button.tsx';
import { Confirm } from '#components/confirm.tsx';
import { Menu, MenuItem } from '#components/menu.tsx';
import { toast } from '#components/toast.tsx';
import { useMay } from '#lib/permissions.tsx';
import { useTRPC } from '#lib/trpc/client.tsx';
import { common } from '#text/en/common.ts';
import { datasets as text } from '#text/en/datasets.ts';

export function DatasetMenu({ dataset }: { dataset: DatasetView }) {
  const [asking, setAsking] = useState(false);
  const may = useMay('developer');
  const trpc = useTRPC();
  const router = useRouter();
  const queryClient = useQueryClient();
  const remove = useMutation(trpc.datasets.delete.mutationOptions());
  return (
    <>
      <Menu
        trigger={
          <Button size="icon" aria-label={common.actionsFor(dataset.name)}>
            <Ellipsis />
          </Button>
        }
      >
        <MenuItem asChild>
          <a href={`/v1/files/${dataset.id}/content`} download={dataset.name}>
            <Download />
            {text.download}
          </a>
        </MenuItem>
        {may ? (
          <MenuItem tone="danger" onSelect={() => setAsking(true)}>
            <Trash2 />
            {text.delete}
          </MenuItem>
        ) : null}
      </Menu>
      <Confirm
        open={asking}
        onOpenChange={setAsking}
        title={text.deleteTitle(dataset.name)}
        action={text.delete}
        onConfirm={async () => {
          await remove.mutateAsync({ datasetId: dataset.id });
          toast(text.deleted(dataset.name));
          router.push('/datasets');
          await queryClient.invalidateQueries(trpc.datasets.list.pathFilter());
        }}
      >
        {text.deleteText}
      </Confirm>
    </>
  );
}
