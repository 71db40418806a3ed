'use client';

import { useMutation } from '@tanstack/react-query';
import { Button } from '#components/button.tsx';
import { Notice } from '#components/states.tsx';
import { errorText } from '#lib/error-text.ts';
import { useTRPC } from '#lib/trpc/client.tsx';
import { access } from '#text/en/access.ts';

export function AcceptInvitation({ token }: { token: string }) {
  const trpc = useTRPC();
  const accept = useMutation(
    trpc.session.acceptInvitation.mutationOptions({ onSuccess: () => window.location.assign('/') }),
  );
  return (
    <div className="grid gap-4">
      {accept.error ? (
        <div role="alert">
          <Notice tone="danger">{errorText(accept.error)}</Notice>
        </div>
      ) : null}
      <Button
        variant="primary"
        size="lg"
        className="w-full"
        pending={accept.isPending}
        onClick={() => accept.mutate({ tokenOrId: token })}
      >
        {access.accept}
      </Button>
    </div>
  );
}
