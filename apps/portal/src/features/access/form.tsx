'use client';

import { type FormEvent, type ReactNode, useState } from 'react';
import { Button } from '#components/button.tsx';
import { Notice } from '#components/states.tsx';
import { errorText } from '#lib/error-text.ts';

/** A form of the sign-in pages: one busy state, one place for the refusal. `send` gets the fields by name. */
export function AccessForm({
  action,
  send,
  children,
}: {
  action: string;
  send: (fields: Record<string, string>) => Promise<void>;
  children: ReactNode;
}) {
  const [pending, setPending] = useState(false);
  const [error, setError] = useState<unknown>(null);

  async function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const fields: Record<string, string> = {};
    for (const [name, value] of new FormData(event.currentTarget)) if (typeof value === 'string') fields[name] = value;
    setPending(true);
    setError(null);
    try {
      await send(fields);
    } catch (caught) {
      setError(caught);
      setPending(false);
    }
  }

  return (
    <form onSubmit={submit} className="grid gap-4" method="post">
      {error ? (
        <div role="alert">
          <Notice tone="danger">{errorText(error)}</Notice>
        </div>
      ) : null}
      {children}
      <Button type="submit" variant="primary" size="lg" pending={pending} className="w-full">
        {action}
      </Button>
    </form>
  );
}
