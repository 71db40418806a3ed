'use client';

import { useSuspenseQuery } from '@tanstack/react-query';
import { TriangleAlert } from 'lucide-react';
import { Badge } from '#components/badge.tsx';
import { Card, CardBody, CardHeader } from '#components/card.tsx';
import { CopyableId } from '#components/copy.tsx';
import { Page } from '#components/page.tsx';
import { Notice } from '#components/states.tsx';
import { QuotaMeters } from '#features/quota/quota-meters.tsx';
import { formatDate } from '#lib/format.ts';
import { useTRPC } from '#lib/trpc/client.tsx';
import { tenants as text } from '#text/en/admin.ts';
import { roleNames } from '#text/en/roles.ts';
import { PlanSelect } from './plan-select.tsx';
import { QuotaDialog } from './quota-dialog.tsx';
import { TenantActions } from './tenant-actions.tsx';

export function TenantPage({ id }: { id: string }) {
  const trpc = useTRPC();
  const { data: tenant } = useSuspenseQuery(
    trpc.admin.tenants.get.queryOptions({ organisationId: id }, { refetchInterval: 15_000 }),
  );
  return (
    <Page
      title={tenant.name}
      crumbs={[{ href: '/admin/tenants', label: text.title }]}
      badge={
        <Badge tone={tenant.suspended ? 'danger' : 'ok'} dot>
          {tenant.suspended ? text.suspended : text.active}
        </Badge>
      }
      description={
        <span className="flex flex-wrap items-center gap-x-4 gap-y-1">
          <CopyableId id={tenant.id} full />
          <CopyableId id={tenant.slug} full />
          <span className="text-faint text-xs">{text.since(formatDate(tenant.createdAt))}</span>
        </span>
      }
      actions={<TenantActions tenant={tenant} />}
    >
      {tenant.suspended ? (
        <Notice tone="danger" icon={TriangleAlert} className="mb-5">
          {text.suspendedBecause(tenant.suspendedReason ?? '–')}
        </Notice>
      ) : null}
      <Card className="mb-5">
        <CardHeader
          title={text.quota}
          actions={
            <>
              <PlanSelect tenant={tenant} />
              <QuotaDialog tenant={tenant} />
            </>
          }
        />
        <CardBody>
          <QuotaMeters quota={tenant.quota} />
        </CardBody>
      </Card>
      <Card>
        <CardHeader title={text.members} />
        {tenant.memberList.length === 0 ? (
          <CardBody className="text-[0.8125rem] text-faint">{text.noMembers}</CardBody>
        ) : (
          <ul className="divide-y divide-line border-line border-t">
            {tenant.memberList.map((member) => (
              <li key={member.id} className="flex flex-wrap items-center gap-x-4 gap-y-1 px-4 py-2.5 sm:px-5">
                <span className="min-w-0 flex-1 basis-52">
                  <span className="font-medium">{member.name}</span>{' '}
                  <span className="text-faint [overflow-wrap:anywhere]">{member.email}</span>
                </span>
                {member.twoFactorEnabled ? <Badge tone="ok">{text.twoFactor}</Badge> : null}
                <Badge>{roleNames[member.role]}</Badge>
              </li>
            ))}
          </ul>
        )}
      </Card>
    </Page>
  );
}
