'use client';

import type { AdapterDetail, AdapterVersionView } from '@parapet/contracts/portal/adapters';
import { type FormEvent, useState } from 'react';
import { Button } from '#components/button.tsx';
import { Dialog, DialogActions } from '#components/dialog.tsx';
import { Field, Input } from '#components/field.tsx';
import { errorText } from '#lib/error-text.ts';
import { adapters } from '#text/en/adapters.ts';
import { common } from '#text/en/common.ts';
import { useAlias } from './use-alias.ts';

const text = adapters.aliases;

export function AddAlias({
  adapter,
  version,
  open,
  onOpenChange,
}: {
  adapter: AdapterDetail;
  version: AdapterVersionView;
  open: boolean;
  onOpenChange: (open: boolean) => void;
}) {
  const { move } = useAlias(adapter.id);
  const [error, setError] = useState<unknown>(null);
  const [pending, setPending] = useState(false);

  async function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const name = String(new FormData(event.currentTarget).get('alias'));
    setPending(true);
    setError(null);
    try {
      await move(name, version, !adapter.aliases.some((alias) => alias.name === name));
      onOpenChange(false);
    } catch (caught) {
      setError(caught);
    } finally {
      setPending(false);
    }
  }

  return (
    <Dialog open={open} onOpenChange={onOpenChange} title={text.addTitle} description={text.hint}>
      <form onSubmit={submit}>
        <Field label={text.name} hint={text.nameHint} error={error ? errorText(error) : undefined}>
          <Input
            name="alias"
            required
            pattern="[a-z][a-z0-9\-]{0,31}"
            placeholder="prod"
            autoComplete="off"
            spellCheck={false}
          />
        </Field>
        <DialogActions>
          <Button onClick={() => onOpenChange(false)}>{common.cancel}</Button>
          <Button type="submit" variant="primary" pending={pending}>
            {text.add}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
