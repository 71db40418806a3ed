'use client';

import type { DatasetView } from '@parapet/contracts/portal/datasets';
import type { JobView } from '@parapet/contracts/portal/jobs';
import { Check } from 'lucide-react';
import Link from 'next/link';
import type { ReactNode } from 'react';
import { Badge } from '#components/badge.tsx';
import { Button } from '#components/button.tsx';
import { SampleDialog } from '#features/datasets/sample-dialog.tsx';
import { cn } from '#lib/cn.ts';
import { formatInteger } from '#lib/format.ts';
import { stepOf } from '#text/en/job-status.ts';
import { start as text } from '#text/en/start.ts';

type State = 'done' | 'running' | 'next' | 'later';

/** Data, training, a call: the state of each and what to do next. */
export function Steps({ datasets, jobs, requests }: { datasets: DatasetView[]; jobs: JobView[]; requests: number }) {
  const dataset = datasets.find((one) => one.status !== 'invalid');
  const trained = jobs.find((job) => job.status === 'succeeded');
  const unfinished = jobs.filter((job) => job.finishedAt === null);
  // A paused job is worth a look only while nothing is trained.
  const open = unfinished.find((job) => job.status !== 'paused') ?? (trained ? undefined : unfinished[0]);
  const failed = jobs[0]?.status === 'failed' ? jobs[0] : undefined;
  const data: State = dataset === undefined ? 'next' : dataset.status === 'ready' ? 'done' : 'running';
  const train: State = trained ? 'done' : open ? 'running' : data === 'done' ? 'next' : 'later';
  const call: State = requests > 0 ? 'done' : trained ? 'next' : 'later';
  return (
    <section aria-labelledby="steps">
      <h2 id="steps" className="sr-only">
        {text.steps}
      </h2>
      <ol className="grid gap-4 md:grid-cols-3">
        <Step
          number={1}
          state={data}
          title={text.data.title}
          actions={
            dataset ? (
              <Button asChild>
                <Link href={`/datasets/${dataset.id}`}>{text.data.open}</Link>
              </Button>
            ) : (
              <>
                <Button asChild variant="primary">
                  <Link href="/datasets">{text.data.action}</Link>
                </Button>
                <SampleDialog />
              </>
            )
          }
        >
          {dataset === undefined
            ? text.data.todo
            : dataset.status === 'ready'
              ? text.data.done(dataset.name, formatInteger(dataset.rows))
              : text.data.counting(dataset.name)}
        </Step>
        <Step
          number={2}
          state={train}
          title={text.train.title}
          actions={
            open || trained || failed ? (
              <Button asChild variant={open ? 'primary' : 'secondary'}>
                <Link href={`/fine-tuning/${(open ?? trained ?? failed)?.id}`}>
                  {open ? text.train.watch : text.train.open}
                </Link>
              </Button>
            ) : (
              <Button asChild variant={train === 'next' ? 'primary' : 'secondary'}>
                <Link href={dataset ? `/fine-tuning/new?dataset=${dataset.id}` : '/fine-tuning/new'}>
                  {text.train.action}
                </Link>
              </Button>
            )
          }
        >
          {trained
            ? text.train.done(trained.suffix ?? trained.trainingFile.name)
            : open
              ? open.status === 'running' && open.totalSteps
                ? text.train.running(stepOf(formatInteger(open.step), formatInteger(open.totalSteps)))
                : text.train.queued
              : failed
                ? text.train.failed
                : text.train.todo}
        </Step>
        <Step
          number={3}
          state={call}
          title={text.call.title}
          actions={
            <>
              <Button asChild variant={call === 'next' ? 'primary' : 'secondary'}>
                <Link href="/playground">{text.call.action}</Link>
              </Button>
              <Button asChild variant="ghost">
                <Link href="/keys">{text.call.key}</Link>
              </Button>
            </>
          }
        >
          {requests > 0 ? text.call.done(formatInteger(requests)) : text.call.todo}
        </Step>
      </ol>
    </section>
  );
}

const tones = { done: 'ok', running: 'accent', next: 'accent', later: 'neutral' } as const;

function Step({
  number,
  state,
  title,
  actions,
  children,
}: {
  number: number;
  state: State;
  title: string;
  actions: ReactNode;
  children: ReactNode;
}) {
  return (
    <li
      className={cn(
        'flex flex-col rounded-xl border bg-surface p-5 shadow-card',
        state === 'next' || state === 'running' ? 'border-accent/50' : 'border-line',
      )}
    >
      <div className="mb-3 flex items-center justify-between">
        <span
          aria-hidden="true"
          className={cn(
            'grid size-7 place-items-center rounded-full font-semibold text-xs tabular-nums',
            state === 'done' ? 'bg-ok-soft text-ok-text' : 'bg-subtle text-muted',
          )}
        >
          {state === 'done' ? <Check className="size-4" /> : number}
        </span>
        <Badge tone={tones[state]} dot live={state === 'running'}>
          {text[state]}
        </Badge>
      </div>
      <h3 className="font-semibold">{title}</h3>
      <p className="mt-1 flex-1 text-[0.8125rem] text-muted [overflow-wrap:anywhere]">{children}</p>
      <div className="mt-4 flex flex-wrap gap-2">{actions}</div>
    </li>
  );
}
