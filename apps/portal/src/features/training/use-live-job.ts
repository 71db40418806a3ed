'use client';

import type { JobDetail, JobEventView, JobLiveItem } from '@parapet/contracts/portal/jobs';
import type { SamplePrediction, StepMetrics } from '@parapet/contracts/recipe';
import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useMemo, useRef, useState } from 'react';
import { useTRPC } from '#lib/trpc/client.tsx';
import { CurveStore } from './curve-store.ts';
import { followJob, type LiveState } from './live-stream.ts';

const mostEvents = 1000;
const mostSamples = 400;

export type LiveJob = {
  curve: CurveStore;
  events: JobEventView[];
  samples: SamplePrediction[];
  connection: LiveState;
};

/**
 * The job as it goes: the curve so far and everything that is new. The stream knows what was seen last, so a page
 * that slept or a gateway that restarted loses nothing; an ended job's stream ends by itself.
 */
export function useLiveJob(job: JobDetail, history: StepMetrics[]): LiveJob {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const curve = useMemo(() => {
    const store = new CurveStore();
    store.add(history);
    return store;
    // The job's id is what makes it another curve; later histories are added to it.
  }, [job.id]);
  const [events, setEvents] = useState<JobEventView[]>([]);
  const [samples, setSamples] = useState<SamplePrediction[]>([]);
  const [connection, setConnection] = useState<LiveState>('connecting');

  useEffect(() => curve.add(history), [curve, history]);

  function take(item: JobLiveItem) {
    if (item.type === 'metrics') curve.add(item.metrics);
    else if (item.type === 'event') setEvents((known) => addOnce(known, item.event, mostEvents));
    else if (item.type === 'sample') {
      setSamples((known) =>
        known.some((other) => other.step === item.sample.step && other.prompt === item.sample.prompt)
          ? known
          : [...known.slice(-mostSamples + 1), item.sample],
      );
    } else {
      const key = trpc.jobs.get.queryKey({ jobId: job.id });
      queryClient.setQueryData(key, (known) => (known ? { ...known, ...item.job } : known));
      // The adapter and the checkpoints are not in the stream.
      if (item.job.finishedAt !== null) void queryClient.invalidateQueries({ queryKey: key });
    }
  }

  const latest = useRef(take);
  latest.current = take;
  useEffect(() => followJob(job.id, (item) => latest.current(item), setConnection), [job.id]);

  return { curve, events, samples, connection };
}

function addOnce(known: JobEventView[], event: JobEventView, most: number): JobEventView[] {
  if (known.some((other) => other.id === event.id)) return known;
  return [...known.slice(-most + 1), event];
}
