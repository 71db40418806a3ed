'use client';

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useRouter } from 'next/navigation';
import { Button } from '#components/button.tsx';
import { ErrorState, Skeleton } from '#components/states.tsx';
import { toast } from '#components/toast.tsx';
import { errorText } from '#lib/error-text.ts';
import { formatInteger } from '#lib/format.ts';
import { useTRPC } from '#lib/trpc/client.tsx';
import { samples as text } from '#text/en/samples.ts';

/** The samples, each with its licence; adding one opens it. */
export default function SampleList({ onAdded }: { onAdded: () => void }) {
  const trpc = useTRPC();
  const router = useRouter();
  const queryClient = useQueryClient();
  const samples = useQuery(trpc.datasets.samples.queryOptions(undefined));
  const add = useMutation(
    trpc.datasets.importSample.mutationOptions({
      onSuccess: async (dataset) => {
        await queryClient.invalidateQueries(trpc.datasets.pathFilter());
        toast(text.sampleAdded(dataset.name));
        onAdded();
        router.push(`/datasets/${dataset.id}`);
      },
      onError: (error) => toast(errorText(error), { tone: 'danger' }),
    }),
  );
  return (
    <>
      {samples.error ? <ErrorState error={samples.error} retry={() => void samples.refetch()} /> : null}
      {samples.isPending ? <Skeleton className="h-40" /> : null}
      <ul className="divide-y divide-line rounded-lg border border-line">
        {samples.data?.map((sample) => (
          <li key={sample.id} className="flex flex-wrap items-center gap-3 p-3">
            <div className="min-w-48 flex-1">
              <p className="font-medium text-[0.8125rem]">{sample.title}</p>
              <p className="text-[0.8125rem] text-muted">{sample.description}</p>
              <p className="mt-0.5 text-faint text-xs">{text.sampleRows(formatInteger(sample.rows), sample.licence)}</p>
            </div>
            <Button
              size="sm"
              aria-label={text.sampleAdd(sample.title)}
              pending={add.isPending && add.variables.sampleId === sample.id}
              disabled={add.isPending}
              onClick={() => add.mutate({ sampleId: sample.id })}
            >
              {text.add}
            </Button>
          </li>
        ))}
      </ul>
    </>
  );
}
