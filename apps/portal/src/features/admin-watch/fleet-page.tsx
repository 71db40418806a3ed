'use client';

import type { TrainWorkerView } from '@parapet/contracts/portal/admin';
import { useMutation, useQueryClient, useSuspenseQuery } from '@tanstack/react-query';
import { CirclePause, CirclePlay, Cpu, Dumbbell } from 'lucide-react';
import Link from 'next/link';
import { Badge } from '#components/badge.tsx';
import { Button } from '#components/button.tsx';
import { Card } from '#components/card.tsx';
import { Confirm } from '#components/confirm.tsx';
import { EmptyState, Notice } from '#components/states.tsx';
import { Time } from '#components/time.tsx';
import { useTRPC } from '#lib/trpc/client.tsx';
import { fleet as text } from '#text/en/admin.ts';
import { Engine, LostEngine } from './engine-card.tsx';

/** Every engine and training worker as it last reported. */
export function FleetPage() {
  const trpc = useTRPC();
  const { data } = useSuspenseQuery(trpc.admin.fleet.get.queryOptions(undefined, { refetchInterval: 2000 }));
  const serve = data.serve.filter(({ state }) => state !== 'lost');
  const lost = data.serve.filter(({ state }) => state === 'lost');
  return (
    <div className="grid gap-6">
      <section aria-labelledby="serve">
        <h2 id="serve" className="mb-3 font-semibold text-sm">
          {text.serve}
        </h2>
        {serve.length === 0 ? (
          <Card>
            <EmptyState icon={Cpu} title={text.noServe}>
              {text.noServeText}
            </EmptyState>
          </Card>
        ) : (
          <ul className="grid gap-4 lg:grid-cols-2">
            {serve.map((worker) => (
              <li key={worker.id}>
                <Engine worker={worker} />
              </li>
            ))}
          </ul>
        )}
        {lost.length > 0 ? (
          <Card className="mt-4">
            <ul className="divide-y divide-line">
              {lost.map((worker) => (
                <LostEngine key={worker.id} worker={worker} />
              ))}
            </ul>
          </Card>
        ) : null}
      </section>
      <section aria-labelledby="train">
        <div className="mb-3 flex items-center justify-between gap-3">
          <h2 id="train" className="font-semibold text-sm">
            {text.train}
          </h2>
          <PauseTraining paused={data.trainingPaused} />
        </div>
        {data.trainingPaused ? (
          <Notice tone="warn" className="mb-3">
            {text.paused}
          </Notice>
        ) : null}
        <Card>
          {data.train.length === 0 ? (
            <EmptyState icon={Dumbbell} title={text.noTrain}>
              {text.noTrainText}
            </EmptyState>
          ) : (
            <ul className="divide-y divide-line">
              {data.train.map((worker) => (
                <Trainer key={worker.name} worker={worker} />
              ))}
            </ul>
          )}
        </Card>
      </section>
    </div>
  );
}

function PauseTraining({ paused }: { paused: boolean }) {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const set = useMutation(
    trpc.admin.fleet.setTrainingPaused.mutationOptions({
      onSuccess: () => queryClient.invalidateQueries(trpc.admin.fleet.pathFilter()),
    }),
  );
  if (paused) {
    return (
      <Button size="sm" variant="primary" pending={set.isPending} onClick={() => set.mutate({ paused: false })}>
        <CirclePlay />
        {text.resume}
      </Button>
    );
  }
  return (
    <Confirm
      trigger={
        <Button size="sm">
          <CirclePause />
          {text.pause}
        </Button>
      }
      title={text.pauseTitle}
      action={text.pause}
      undoable
      onConfirm={() => set.mutateAsync({ paused: true })}
    >
      {text.pauseText}
    </Confirm>
  );
}

function Trainer({ worker }: { worker: TrainWorkerView }) {
  return (
    <li className="flex flex-wrap items-center gap-x-4 gap-y-1 px-4 py-3 text-[0.8125rem] sm:px-5">
      <span className="min-w-0 flex-1 basis-52">
        <span className="font-medium">{worker.name}</span>{' '}
        <span className="text-faint">
          {worker.device.kind} · {worker.device.name}
        </span>
      </span>
      {worker.jobId ? (
        <span className="flex items-center gap-2">
          <Badge tone="accent" dot live>
            {text.works}
          </Badge>
          <Link href={`/admin/jobs?q=${worker.jobId}`} className="font-mono text-xs hover:text-accent-text">
            {worker.jobId}
          </Link>
        </span>
      ) : (
        <Badge>{text.idle}</Badge>
      )}
      <Time at={worker.lastSeenAt} className="text-faint text-xs" />
    </li>
  );
}
