'use client';

import type { CreatedKey } from '@parapet/contracts/portal/keys';
import { Plus } from 'lucide-react';
import { lazy, useState } from 'react';
import { Button } from '#components/button.tsx';
import { Dialog } from '#components/dialog.tsx';
import { keys as text } from '#text/en/keys.ts';

const CreateKeyForm = lazy(() => import('./create-key-form.tsx'));
const NewSecret = lazy(() => import('./new-secret.tsx'));

/** Makes a key, and shows its secret once. */
export function CreateKey() {
  const [open, setOpen] = useState(false);
  const [created, setCreated] = useState<CreatedKey | null>(null);

  function change(next: boolean) {
    setOpen(next);
    if (!next) setCreated(null);
  }

  return (
    <Dialog
      open={open}
      onOpenChange={change}
      title={created ? text.createdTitle : text.createTitle}
      description={created ? text.createdText : undefined}
      wide
      trigger={
        <Button variant="primary">
          <Plus />
          {text.create}
        </Button>
      }
    >
      {created ? (
        <NewSecret secret={created.secret} onDone={() => change(false)} />
      ) : (
        <CreateKeyForm onCreated={setCreated} onCancel={() => change(false)} />
      )}
    </Dialog>
  );
}
