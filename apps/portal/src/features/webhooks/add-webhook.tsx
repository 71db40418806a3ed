'use client';

import type { CreatedWebhook, WebhookEvent } from '@parapet/contracts/portal/webhooks';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Plus } from 'lucide-react';
import { type FormEvent, useState } from 'react';
import { Button } from '#components/button.tsx';
import { CodeBlock } from '#components/code-block.tsx';
import { Dialog, DialogActions } from '#components/dialog.tsx';
import { Checkbox, Field, Input } from '#components/field.tsx';
import { Notice } from '#components/states.tsx';
import { errorText } from '#lib/error-text.ts';
import { useMay } from '#lib/permissions.tsx';
import { useTRPC } from '#lib/trpc/client.tsx';
import { common } from '#text/en/common.ts';
import { webhooks as text, webhookEventNames } from '#text/en/webhooks.ts';

export function AddWebhook() {
  const [open, setOpen] = useState(false);
  const [created, setCreated] = useState<CreatedWebhook | null>(null);
  const [noEvent, setNoEvent] = useState(false);
  const admin = useMay('admin');
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const create = useMutation(
    trpc.webhooks.create.mutationOptions({
      onSuccess: async (answer) => {
        setCreated(answer);
        await queryClient.invalidateQueries(trpc.webhooks.pathFilter());
      },
    }),
  );
  if (!admin) return null;

  function change(next: boolean) {
    setOpen(next);
    if (next) return;
    setCreated(null);
    create.reset();
  }

  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const fields = new FormData(event.currentTarget);
    const events = fields.getAll('event') as WebhookEvent[];
    setNoEvent(events.length === 0);
    if (events.length > 0) create.mutate({ url: String(fields.get('url')), events });
  }

  return (
    <Dialog
      open={open}
      onOpenChange={change}
      title={created ? text.secretTitle : text.addTitle}
      description={created ? text.secretText : undefined}
      trigger={
        <Button variant="primary">
          <Plus />
          {text.add}
        </Button>
      }
    >
      {created ? (
        <>
          <CodeBlock label={text.secret} code={created.secret} wrap />
          <DialogActions>
            <Button variant="primary" onClick={() => change(false)}>
              {text.done}
            </Button>
          </DialogActions>
        </>
      ) : (
        <form onSubmit={submit} className="grid gap-4">
          <Field label={text.url} hint={text.urlHint}>
            <Input name="url" type="url" required placeholder="https://example.com/parapet" autoComplete="off" />
          </Field>
          <fieldset className="grid gap-2">
            <legend className="mb-1.5 font-medium text-[0.8125rem]">{text.events}</legend>
            {Object.entries(webhookEventNames).map(([event, name]) => (
              <Checkbox
                key={event}
                name="event"
                value={event}
                label={name}
                defaultChecked={event !== 'quota.warning'}
              />
            ))}
          </fieldset>
          {noEvent || create.error ? (
            <div role="alert">
              <Notice tone="danger">{noEvent ? text.eventsNone : errorText(create.error)}</Notice>
            </div>
          ) : null}
          <DialogActions>
            <Button onClick={() => change(false)}>{common.cancel}</Button>
            <Button type="submit" variant="primary" pending={create.isPending}>
              {text.add}
            </Button>
          </DialogActions>
        </form>
      )}
    </Dialog>
  );
}
