'use client';

import type { JobEventView } from '@parapet/contracts/portal/jobs';
import { useInfiniteQuery } from '@tanstack/react-query';
import { ScrollText } from 'lucide-react';
import { useMemo } from 'react';
import { Badge } from '#components/badge.tsx';
import { Card } from '#components/card.tsx';
import { ShowMore } from '#components/list-frame.tsx';
import { EmptyState, ErrorState } from '#components/states.tsx';
import { formatDateTime } from '#lib/format.ts';
import { useTRPC } from '#lib/trpc/client.tsx';
import { nextPage } from '#lib/trpc/next-page.ts';
import { jobPage } from '#text/en/job-page.ts';

const text = jobPage.events;
const tones = { info: 'neutral', warn: 'warn', error: 'danger' } as const;

/** What happened to the job, newest first, new things as they happen. */
export function EventList({ live, jobId }: { live: JobEventView[]; jobId: string }) {
  const trpc = useTRPC();
  const stored = useInfiniteQuery(trpc.jobs.events.infiniteQueryOptions({ jobId, type: 'message' }, nextPage));
  const events = useMemo(() => {
    const once = new Map<string, JobEventView>();
    for (const event of [
      ...(stored.data?.pages.flatMap((page) =>
        page.items.map(({ createdAt, ...item }) => ({ ...item, createdAt: new Date(createdAt).getTime() })),
      ) ?? []),
      ...live,
    ])
      once.set(event.id, event);
    return [...once.values()].sort((a, b) => b.createdAt - a.createdAt || (a.id < b.id ? 1 : -1));
  }, [stored.data, live]);
  if (stored.error) return <ErrorState error={stored.error} retry={() => void stored.refetch()} />;
  return (
    <Card>
      {events.length === 0 ? (
        <EmptyState icon={ScrollText} title={text.empty} />
      ) : (
        <ol className="divide-y divide-line">
          {events.map((event) => (
            <li
              key={event.id}
              className="flex flex-wrap items-baseline gap-x-4 gap-y-1 px-4 py-2.5 text-[0.8125rem] sm:px-5"
            >
              <time
                dateTime={new Date(event.createdAt).toISOString()}
                className="whitespace-nowrap text-faint text-xs tabular-nums"
              >
                {formatDateTime(event.createdAt)}
              </time>
              {event.level === 'info' ? null : <Badge tone={tones[event.level]}>{text.levels[event.level]}</Badge>}
              <span className="min-w-0 flex-1 basis-60 [overflow-wrap:anywhere]">{event.message}</span>
            </li>
          ))}
        </ol>
      )}
      <ShowMore
        more={stored.hasNextPage}
        pending={stored.isFetchingNextPage}
        onMore={() => void stored.fetchNextPage()}
      />
    </Card>
  );
}
