'use client';

import { useSuspenseInfiniteQuery } from '@tanstack/react-query';
import { useTRPC, useTRPCClient } from '#lib/trpc/client.tsx';
import { nextPage } from '#lib/trpc/next-page.ts';
import { AuditLog } from './audit-log.tsx';
import { useAuditAddress } from './use-audit-address.ts';

export function PlatformAudit() {
  const trpc = useTRPC();
  const client = useTRPCClient();
  const address = useAuditAddress();
  const query = useSuspenseInfiniteQuery(trpc.admin.audit.list.infiniteQueryOptions(address.input, nextPage));
  return (
    <AuditLog
      entries={query.data.pages.flatMap((page) => page.items)}
      address={address}
      pages={query}
      onExport={(format) => client.admin.audit.export.query({ ...address.filter, format })}
      onVerify={() => client.admin.audit.verify.query()}
    />
  );
}
