'use client';

import type { TenantDetail } from '@parapet/contracts/portal/admin';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Ban, CirclePlay, Eye } from 'lucide-react';
import { Button } from '#components/button.tsx';
import { toast } from '#components/toast.tsx';
import { errorText } from '#lib/error-text.ts';
import { useTRPC } from '#lib/trpc/client.tsx';
import { tenants as text } from '#text/en/admin.ts';
import { ReasonDialog } from './reason-dialog.tsx';

export function TenantActions({ tenant }: { tenant: TenantDetail }) {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const reload = () => queryClient.invalidateQueries(trpc.admin.tenants.pathFilter());
  const suspend = useMutation(trpc.admin.tenants.suspend.mutationOptions());
  const impersonate = useMutation(trpc.admin.tenants.impersonate.mutationOptions());
  const unsuspend = useMutation(
    trpc.admin.tenants.unsuspend.mutationOptions({
      onSuccess: async () => {
        toast(text.unsuspended(tenant.name));
        await reload();
      },
      onError: (error) => toast(errorText(error), { tone: 'danger' }),
    }),
  );
  return (
    <>
      <ReasonDialog
        trigger={
          <Button>
            <Eye />
            {text.viewAs}
          </Button>
        }
        title={text.viewAsTitle(tenant.name)}
        description={text.viewAsText}
        action={text.viewAs}
        onConfirm={async (reason) => {
          await impersonate.mutateAsync({ organisationId: tenant.id, reason });
          window.location.assign('/');
        }}
      />
      {tenant.suspended ? (
        <Button
          variant="primary"
          pending={unsuspend.isPending}
          onClick={() => unsuspend.mutate({ organisationId: tenant.id })}
        >
          <CirclePlay />
          {text.unsuspend}
        </Button>
      ) : (
        <ReasonDialog
          trigger={
            <Button>
              <Ban />
              {text.suspend}
            </Button>
          }
          title={text.suspendTitle(tenant.name)}
          description={text.suspendText}
          action={text.suspend}
          danger
          onConfirm={async (reason) => {
            await suspend.mutateAsync({ organisationId: tenant.id, reason });
            toast(text.suspendedToast(tenant.name));
            await reload();
          }}
        />
      )}
    </>
  );
}
