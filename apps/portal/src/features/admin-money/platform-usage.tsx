'use client';

import { useMutation, useSuspenseQuery } from '@tanstack/react-query';
import { toast } from '#components/toast.tsx';
import { rangeOf } from '#features/usage/ranges.ts';
import { UsageReport, useUsageAddress } from '#features/usage/usage-report.tsx';
import { errorText } from '#lib/error-text.ts';
import { saveFile } from '#lib/save-file.ts';
import { useTRPC, useTRPCClient } from '#lib/trpc/client.tsx';
import { adminUsage as text } from '#text/en/admin.ts';
import { platformGroup } from './platform-group.ts';

/** Usage and revenue over all tenants. */
export function PlatformUsage({ nowMs }: { nowMs: number }) {
  const trpc = useTRPC();
  const client = useTRPCClient();
  const address = useUsageAddress();
  const window = rangeOf(address.range, nowMs);
  const input = { ...window, groupBy: platformGroup(address.group) };
  const { data } = useSuspenseQuery(trpc.admin.usage.get.queryOptions(input));
  const save = useMutation({
    mutationFn: () => client.admin.usage.export.query(input),
    onSuccess: saveFile,
    onError: (error) => toast(errorText(error), { tone: 'danger' }),
  });
  return (
    <UsageReport
      view={data}
      window={window}
      address={{ ...address, group: input.groupBy }}
      groups={Object.entries(text.groups)}
      onExport={() => save.mutate()}
      exporting={save.isPending}
    />
  );
}
