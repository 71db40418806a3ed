'use client';

import { useSuspenseQuery } from '@tanstack/react-query';
import { CircleCheck } from 'lucide-react';
import { Card } from '#components/card.tsx';
import { EmptyState } from '#components/states.tsx';
import { useTRPC } from '#lib/trpc/client.tsx';
import { datasets as text } from '#text/en/datasets.ts';
import { ProblemTable } from './problem-table.tsx';

/** Warnings of a sound file, or the errors of a refused one. */
export function DatasetProblems({ datasetId }: { datasetId: string }) {
  const trpc = useTRPC();
  const { data } = useSuspenseQuery(trpc.datasets.problems.queryOptions({ datasetId, limit: 500 }));
  return (
    <Card>
      {data.items.length === 0 ? (
        <EmptyState icon={CircleCheck} title={text.noProblems} />
      ) : (
        <ProblemTable problems={data.items} total={data.total} />
      )}
    </Card>
  );
}
