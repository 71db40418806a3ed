'use client';

import { useMutation, useSuspenseQuery } from '@tanstack/react-query';
import { toast } from '#components/toast.tsx';
import { errorText } from '#lib/error-text.ts';
import { saveFile } from '#lib/save-file.ts';
import { useTRPC, useTRPCClient } from '#lib/trpc/client.tsx';
import { usage as text } from '#text/en/usage.ts';
import { rangeOf } from './ranges.ts';
import { usageGroup } from './usage-group.ts';
import { UsageReport, useUsageAddress } from './usage-report.tsx';

/** The organisation's own usage. `nowMs` is the server's, so that both ask the same. */
export function UsagePage({ nowMs }: { nowMs: number }) {
  const trpc = useTRPC();
  const client = useTRPCClient();
  const address = useUsageAddress();
  const window = rangeOf(address.range, nowMs);
  const input = { ...window, groupBy: usageGroup(address.group) };
  const { data } = useSuspenseQuery(trpc.usage.get.queryOptions(input));
  const save = useMutation({
    mutationFn: () => client.usage.export.query(input),
    onSuccess: saveFile,
    onError: (error) => toast(errorText(error), { tone: 'danger' }),
  });
  return (
    <UsageReport
      view={data}
      window={window}
      address={address}
      groups={Object.entries(text.groups)}
      onExport={() => save.mutate()}
      exporting={save.isPending}
    />
  );
}
