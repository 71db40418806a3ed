'use client';

import { useMutation, useQueryClient } from '@tanstack/react-query';
import { toast } from '#components/toast.tsx';
import { errorText } from '#lib/error-text.ts';
import { useTRPC } from '#lib/trpc/client.tsx';
import { adapters as text } from '#text/en/adapters.ts';

/** Moving an alias, with the way back in the message. */
export function useAlias(adapterId: string) {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const reload = () =>
    Promise.all([
      queryClient.invalidateQueries(trpc.adapters.pathFilter()),
      queryClient.invalidateQueries(trpc.models.pathFilter()),
    ]);
  const failed = (error: unknown) => toast(errorText(error), { tone: 'danger' });
  const back = useMutation(trpc.adapters.aliasBack.mutationOptions({ onSuccess: reload, onError: failed }));
  const move = useMutation(trpc.adapters.moveAlias.mutationOptions());
  const remove = useMutation(trpc.adapters.removeAlias.mutationOptions());
  return {
    back: (alias: string) => back.mutate({ adapterId, alias }),
    async move(alias: string, to: { id: string; version: number }, isNew: boolean) {
      await move.mutateAsync({ adapterId, alias, versionId: to.id });
      await reload();
      toast(text.versions.moved(alias, to.version), {
        action: isNew ? undefined : { label: text.aliases.undo, run: () => back.mutate({ adapterId, alias }) },
      });
    },
    async remove(alias: string) {
      await remove.mutateAsync({ adapterId, alias });
      await reload();
      toast(text.aliases.removed(alias));
    },
    failed,
  };
}
