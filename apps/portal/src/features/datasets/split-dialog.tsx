'use client';

import type { DatasetView } from '@parapet/contracts/portal/datasets';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useRouter } from 'next/navigation';
import { type FormEvent, useState } from 'react';
import { Button } from '#components/button.tsx';
import { Slider } from '#components/choice.tsx';
import { Dialog, DialogActions } from '#components/dialog.tsx';
import { Checkbox, Field, Input } from '#components/field.tsx';
import { Notice } from '#components/states.tsx';
import { toast } from '#components/toast.tsx';
import { errorText } from '#lib/error-text.ts';
import { formatInteger } from '#lib/format.ts';
import { useTRPC } from '#lib/trpc/client.tsx';
import { common } from '#text/en/common.ts';
import { datasets as text } from '#text/en/datasets.ts';

/** Makes a training and a validation part of a data set. */
export function SplitDialog({
  dataset,
  open,
  onOpenChange: setOpen,
}: {
  dataset: DatasetView;
  open: boolean;
  onOpenChange: (open: boolean) => void;
}) {
  const [percent, setPercent] = useState(10);
  const trpc = useTRPC();
  const router = useRouter();
  const queryClient = useQueryClient();
  const split = useMutation(
    trpc.datasets.split.mutationOptions({
      onSuccess: async ({ train, valid }) => {
        await queryClient.invalidateQueries(trpc.datasets.pathFilter());
        toast(text.splitDone(train.name, valid.name));
        setOpen(false);
        router.push(`/datasets/${train.id}`);
      },
    }),
  );

  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const fields = new FormData(event.currentTarget);
    split.mutate({
      datasetId: dataset.id,
      validFraction: percent / 100,
      seed: Number(fields.get('seed')),
      dropDuplicates: fields.get('duplicates') === 'on',
    });
  }

  return (
    <Dialog open={open} onOpenChange={setOpen} title={text.splitTitle} description={text.splitText}>
      <form onSubmit={submit} className="grid gap-4">
        <div>
          <p className="mb-2 flex justify-between text-[0.8125rem]">
            <span className="font-medium">{text.validShare}</span>
            <span className="tabular-nums">
              {percent}% · {formatInteger(Math.round((dataset.rows * percent) / 100))}
            </span>
          </p>
          <Slider label={text.validShare} value={percent} onChange={setPercent} min={1} max={50} step={1} />
        </div>
        <Field label={text.seed} hint={text.seedHint}>
          <Input name="seed" type="number" min={0} max={2147483647} step={1} defaultValue={0} required />
        </Field>
        <Checkbox name="duplicates" defaultChecked label={text.dropDuplicates} />
        {split.error ? (
          <div role="alert">
            <Notice tone="danger">{errorText(split.error)}</Notice>
          </div>
        ) : null}
        <DialogActions>
          <Button onClick={() => setOpen(false)}>{common.cancel}</Button>
          <Button type="submit" variant="primary" pending={split.isPending}>
            {text.split}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
