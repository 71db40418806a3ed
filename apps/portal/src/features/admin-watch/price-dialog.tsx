'use client';

import type { BaseModelView } from '@parapet/contracts/portal/admin';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import type { FormEvent } from 'react';
import { Button } from '#components/button.tsx';
import { Dialog, DialogActions } from '#components/dialog.tsx';
import { Field, Input } from '#components/field.tsx';
import { Notice } from '#components/states.tsx';
import { toast } from '#components/toast.tsx';
import { errorText } from '#lib/error-text.ts';
import { useTRPC } from '#lib/trpc/client.tsx';
import { baseModels as text } from '#text/en/base-models.ts';
import { common } from '#text/en/common.ts';

/** A model's price list from now on. Typed in the currency, kept in its millionths. */
export function PriceDialog({
  model,
  open,
  onOpenChange,
}: {
  model: BaseModelView;
  open: boolean;
  onOpenChange: (open: boolean) => void;
}) {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const save = useMutation(
    trpc.admin.baseModels.setPrice.mutationOptions({
      onSuccess: async () => {
        onOpenChange(false);
        toast(text.priceSaved);
        await queryClient.invalidateQueries(trpc.admin.baseModels.pathFilter());
      },
    }),
  );
  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const fields = new FormData(event.currentTarget);
    const micros = (name: string) => Math.round(Number(fields.get(name)) * 1_000_000);
    save.mutate({
      model: model.name,
      currency: String(fields.get('currency')).toUpperCase(),
      promptMicrosPerMillionTokens: micros('prompt'),
      completionMicrosPerMillionTokens: micros('completion'),
      trainingMicrosPerGpuSecond: micros('training'),
    });
  }
  const { price } = model;
  const amounts = [
    ['prompt', text.pricePrompt, price?.promptMicrosPerMillionTokens],
    ['completion', text.priceCompletion, price?.completionMicrosPerMillionTokens],
    ['training', text.priceTraining, price?.trainingMicrosPerGpuSecond],
  ] as const;
  return (
    <Dialog open={open} onOpenChange={onOpenChange} title={text.priceTitle(model.name)} description={text.priceText}>
      <form onSubmit={submit} className="grid gap-4">
        {amounts.map(([name, label, micros]) => (
          <Field key={name} label={label}>
            <Input name={name} type="number" min={0} step="any" required defaultValue={(micros ?? 0) / 1_000_000} />
          </Field>
        ))}
        <Field label={text.currency}>
          <Input name="currency" pattern="[A-Za-z]{3}" required defaultValue={price?.currency ?? 'USD'} />
        </Field>
        {save.error ? (
          <div role="alert">
            <Notice tone="danger">{errorText(save.error)}</Notice>
          </div>
        ) : null}
        <DialogActions>
          <Button onClick={() => onOpenChange(false)}>{common.cancel}</Button>
          <Button type="submit" variant="primary" pending={save.isPending}>
            {common.save}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
