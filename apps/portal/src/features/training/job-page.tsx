'use client';

import { useSuspenseQuery } from '@tanstack/react-query';
import { TriangleAlert } from 'lucide-react';
import Link from 'next/link';
import { lazy, Suspense } from 'react';
import { Badge } from '#components/badge.tsx';
import { Card, CardBody, Facts } from '#components/card.tsx';
import { CopyableId } from '#components/copy.tsx';
import { JobStatusBadge } from '#components/job-status.tsx';
import { Page } from '#components/page.tsx';
import { recipeRows } from '#components/recipe-rows.ts';
import { Notice } from '#components/states.tsx';
import { UrlTabs } from '#components/tabs.tsx';
import { formatInteger } from '#lib/format.ts';
import { useTRPC } from '#lib/trpc/client.tsx';
import { jobPage } from '#text/en/job-page.ts';
import { recipeText } from '#text/en/recipe.ts';
import { training as text } from '#text/en/training.ts';
import { JobActions } from './job-actions.tsx';
import { JobStats } from './job-stats.tsx';
import { useLiveJob } from './use-live-job.ts';

const CheckpointTable = lazy(async () => ({ default: (await import('./checkpoint-table.tsx')).CheckpointTable }));
const EventList = lazy(async () => ({ default: (await import('./event-list.tsx')).EventList }));
const LossCurve = lazy(async () => ({ default: (await import('./loss-curve.tsx')).LossCurve }));
const SampleTable = lazy(async () => ({ default: (await import('./sample-table.tsx')).SampleTable }));

export function JobPage({ id }: { id: string }) {
  const trpc = useTRPC();
  const { data: job } = useSuspenseQuery(
    trpc.jobs.get.queryOptions(
      { jobId: id },
      // The stream brings changes at once; this is for a stream that a proxy on the way swallowed.
      { refetchInterval: ({ state }) => (state.data?.finishedAt === null ? 10_000 : false) },
    ),
  );
  const { data: history } = useSuspenseQuery(trpc.jobs.metrics.queryOptions({ jobId: id, maxPoints: 2000 }));
  const live = useLiveJob(job, history);
  const progress = job.totalSteps ? Math.min(1, job.step / job.totalSteps) : 0;
  return (
    <Page
      title={job.suffix ?? job.trainingFile.name}
      crumbs={[{ href: '/fine-tuning', label: text.title }]}
      badge={
        <>
          <JobStatusBadge status={job.status} requested={job.requested} />
          {job.finishedAt === null && job.status !== 'paused' ? <Connection state={live.connection} /> : null}
        </>
      }
      description={
        <span className="flex flex-wrap items-center gap-x-4 gap-y-1">
          <CopyableId id={job.id} full />
          {job.fineTunedModel ? <CopyableId id={job.fineTunedModel} full className="text-accent-text!" /> : null}
        </span>
      }
      actions={<JobActions job={job} />}
    >
      {job.error ? (
        <Notice tone="danger" icon={TriangleAlert} title={jobPage.failed} className="mb-4">
          {job.error.message} <code className="font-mono text-xs">{job.error.code}</code>
        </Notice>
      ) : null}
      {job.queuePosition ? (
        <Notice className="mb-4">{jobPage.queue(job.queuePosition.own, job.queuePosition.all)}</Notice>
      ) : null}
      <Card className="mb-6 overflow-hidden">
        {job.finishedAt === null ? (
          <div aria-hidden="true" className="h-1 bg-hover">
            <div className="h-full bg-accent transition-[width] duration-500" style={{ width: `${progress * 100}%` }} />
          </div>
        ) : null}
        <CardBody className="pt-4 sm:pt-5">
          <JobStats job={job} curve={live.curve} />
        </CardBody>
      </Card>
      <Suspense>
        <UrlTabs
          label={jobPage.tabsLabel}
          tabs={[
            {
              value: 'curve',
              label: jobPage.tabs.overview,
              content: (
                <Card className="p-4 sm:p-5">
                  <LossCurve store={live.curve} />
                </Card>
              ),
            },
            { value: 'samples', label: jobPage.tabs.samples, content: <SampleTable live={live.samples} jobId={id} /> },
            { value: 'events', label: jobPage.tabs.events, content: <EventList live={live.events} jobId={id} /> },
            {
              value: 'checkpoints',
              label: `${jobPage.tabs.checkpoints} ${formatInteger(job.checkpoints.length)}`,
              content: <CheckpointTable checkpoints={job.checkpoints} />,
            },
            {
              value: 'recipe',
              label: jobPage.tabs.recipe,
              content: (
                <div className="grid items-start gap-4 md:grid-cols-2">
                  <Card className="px-5 py-2">
                    <Facts rows={recipeRows(job.recipe)} />
                  </Card>
                  <Card className="px-5 py-2">
                    <Facts
                      rows={[
                        [recipeText.base, job.baseModel],
                        [recipeText.trainingFile, <FileLink key="t" file={job.trainingFile} />],
                        [
                          recipeText.validationFile,
                          job.validationFile ? <FileLink key="v" file={job.validationFile} /> : '–',
                        ],
                        [recipeText.createdBy, job.createdBy],
                        [recipeText.worker, job.workerName ?? '–'],
                        [recipeText.attempts, formatInteger(job.attempts)],
                        ...Object.entries(job.metadata),
                      ]}
                    />
                  </Card>
                </div>
              ),
            },
          ]}
        />
      </Suspense>
    </Page>
  );
}

function FileLink({ file }: { file: { id: string; name: string } }) {
  return (
    <Link href={`/datasets/${file.id}`} className="text-accent-text underline underline-offset-2">
      {file.name}
    </Link>
  );
}

function Connection({ state }: { state: 'live' | 'connecting' | 'lost' | 'ended' }) {
  const tone = state === 'live' ? 'ok' : state === 'lost' ? 'warn' : 'neutral';
  return (
    <span role="status">
      <Badge tone={tone} dot live={state === 'live'}>
        {jobPage.live.connection[state]}
      </Badge>
    </span>
  );
}
