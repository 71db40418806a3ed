import type { BaseModelView } from '@parapet/contracts/portal/admin';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { toast } from '#components/toast.tsx';
import { errorText } from '#lib/error-text.ts';
import { useTRPC } from '#lib/trpc/client.tsx';
import { modelTasks as text } from '#text/en/base-models.ts';

/** Orders work on a base model; the list shows at once what is asked for. */
export function useModelTask(model: BaseModelView) {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const handlers = (told: string) => ({
    onSuccess: async (models: BaseModelView[]) => {
      queryClient.setQueryData(trpc.admin.baseModels.list.queryKey(), models);
      toast(told);
    },
    onError: (error: unknown) => toast(errorText(error), { tone: 'danger' as const }),
  });
  const verify = useMutation(trpc.admin.baseModels.verify.mutationOptions());
  const quantise = useMutation(trpc.admin.baseModels.quantise.mutationOptions());
  const cancel = useMutation(trpc.admin.baseModels.cancelTask.mutationOptions());
  const of = { baseModelId: model.id };
  return {
    pending: verify.isPending || quantise.isPending,
    verify: () => verify.mutate(of, handlers(text.verifyStarted(model.name))),
    quantise: (weights: 'int8' | 'q4') =>
      quantise.mutate({ ...of, weights }, handlers(text.quantiseStarted(text.kinds[weights] ?? weights))),
    cancel: () => cancel.mutate(of, handlers(text.cancelled)),
  };
}
