'use client';

import type { TenantDetail } from '@parapet/contracts/portal/admin';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { toast } from '#components/toast.tsx';
import { errorText } from '#lib/error-text.ts';
import { useTRPC } from '#lib/trpc/client.tsx';
import { tenants as text } from '#text/en/admin.ts';

/** The tenant's plan; a change holds at once. */
export function PlanSelect({ tenant }: { tenant: TenantDetail }) {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const plans = useQuery(trpc.admin.plans.list.queryOptions());
  const setPlan = useMutation(
    trpc.admin.tenants.setPlan.mutationOptions({
      onSuccess: async (_answer, { planId }) => {
        toast(text.planChanged(plans.data?.find((plan) => plan.id === planId)?.name ?? ''));
        await queryClient.invalidateQueries(trpc.admin.tenants.pathFilter());
      },
      onError: (error) => toast(errorText(error), { tone: 'danger' }),
    }),
  );
  const options = plans.data ?? [tenant.plan];
  return (
    <label className="flex items-center gap-2 text-[0.8125rem]">
      <span className="text-faint">{text.plan}</span>
      <select
        className="field h-8 px-2"
        value={setPlan.isPending ? setPlan.variables.planId : tenant.plan.id}
        disabled={setPlan.isPending}
        onChange={(event) => setPlan.mutate({ organisationId: tenant.id, planId: event.target.value })}
      >
        {options.map((plan) => (
          <option key={plan.id} value={plan.id}>
            {plan.name}
          </option>
        ))}
      </select>
    </label>
  );
}
