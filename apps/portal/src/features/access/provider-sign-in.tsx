'use client';

import { useState } from 'react';
import { Button } from '#components/button.tsx';
import { Notice } from '#components/states.tsx';
import { signInByProvider } from '#lib/auth-client.ts';
import { errorText } from '#lib/error-text.ts';
import { access } from '#text/en/access.ts';
import { safeReturn } from './safe-return.ts';

/** The way in by the company's identity provider, above the form for passwords. */
export function ProviderSignIn({ name, next }: { name: string; next?: string }) {
  const [pending, setPending] = useState(false);
  const [error, setError] = useState<unknown>(null);

  async function go() {
    setPending(true);
    setError(null);
    try {
      await signInByProvider(safeReturn(next));
    } catch (caught) {
      setError(caught);
      setPending(false);
    }
  }

  return (
    <div className="mb-4 grid gap-4">
      {error ? (
        <div role="alert">
          <Notice tone="danger">{errorText(error)}</Notice>
        </div>
      ) : null}
      <Button size="lg" className="w-full" pending={pending} onClick={go}>
        {access.continueWith(name)}
      </Button>
      <p className="text-center text-muted">{access.or}</p>
    </div>
  );
}
