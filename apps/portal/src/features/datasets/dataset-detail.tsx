'use client';

import { useSuspenseQuery } from '@tanstack/react-query';
import { Activity } from 'lucide-react';
import Link from 'next/link';
import { lazy, Suspense } from 'react';
import { Button } from '#components/button.tsx';
import { Card, CardBody, Stat } from '#components/card.tsx';
import { CopyableId } from '#components/copy.tsx';
import { Page } from '#components/page.tsx';
import { Notice, QueryBoundary } from '#components/states.tsx';
import { UrlTabs } from '#components/tabs.tsx';
import { formatBytes, formatCompact, formatInteger } from '#lib/format.ts';
import { useMay } from '#lib/permissions.tsx';
import { useTRPC } from '#lib/trpc/client.tsx';
import { datasets as text } from '#text/en/datasets.ts';
import { DatasetMenu } from './dataset-menu.tsx';
import { SplitButton } from './split-button.tsx';
import { DatasetStatus } from './status-badge.tsx';

const DatasetJobs = lazy(async () => ({ default: (await import('./dataset-jobs.tsx')).DatasetJobs }));
const DatasetProblems = lazy(async () => ({ default: (await import('./dataset-problems.tsx')).DatasetProblems }));
const Histogram = lazy(async () => ({ default: (await import('#components/histogram.tsx')).Histogram }));
const RowBrowser = lazy(async () => ({ default: (await import('./row-browser.tsx')).RowBrowser }));

export function DatasetDetail({ id }: { id: string }) {
  const trpc = useTRPC();
  const may = useMay('developer');
  const { data: dataset } = useSuspenseQuery(
    trpc.datasets.get.queryOptions(
      { datasetId: id },
      { refetchInterval: ({ state }) => (state.data?.status === 'counting' ? 1500 : false) },
    ),
  );
  const { tokens } = dataset;
  return (
    <Page
      title={dataset.name}
      crumbs={[{ href: '/datasets', label: text.title }]}
      badge={<DatasetStatus status={dataset.status} />}
      description={
        <span className="flex flex-wrap items-center gap-x-4 gap-y-1">
          <CopyableId id={dataset.id} full />
          {dataset.parentId ? (
            <Link href={`/datasets/${dataset.parentId}`} className="text-accent-text underline underline-offset-2">
              {text.splitFrom}
            </Link>
          ) : null}
        </span>
      }
      actions={
        <>
          {may && dataset.status === 'ready' ? (
            <>
              <SplitButton dataset={dataset} />
              <Button asChild variant="primary">
                <Link href={`/fine-tuning/new?dataset=${dataset.id}`}>
                  <Activity />
                  {text.startJob}
                </Link>
              </Button>
            </>
          ) : null}
          <DatasetMenu dataset={dataset} />
        </>
      }
    >
      <Card className="mb-6">
        <CardBody className="pt-4 sm:pt-5">
          <dl className="grid grid-cols-2 gap-x-6 gap-y-5 sm:grid-cols-3 lg:grid-cols-6">
            <Stat
              label={text.stats.rows}
              value={formatInteger(dataset.rows)}
              note={dataset.chatRows > 0 ? text.stats.chat(formatInteger(dataset.chatRows)) : undefined}
            />
            <Stat label={text.stats.tokens} value={tokens ? formatCompact(tokens.total) : '–'} />
            <Stat
              label={text.stats.trained}
              value={tokens ? formatCompact(tokens.completion) : '–'}
              note={text.stats.trainedNote}
            />
            <Stat
              label={text.stats.longest}
              value={tokens ? formatInteger(tokens.longestRow) : '–'}
              note={text.stats.tokenUnit}
            />
            <Stat label={text.stats.duplicates} value={formatInteger(dataset.duplicates)} />
            <Stat label={text.stats.size} value={formatBytes(dataset.bytes)} note={dataset.format.toUpperCase()} />
          </dl>
        </CardBody>
      </Card>
      <UrlTabs
        label={text.tabsLabel}
        tabs={[
          {
            value: 'rows',
            label: text.tabs.preview,
            content:
              dataset.status === 'invalid' ? (
                <Notice>{text.rowsNotYet}</Notice>
              ) : (
                <QueryBoundary>
                  <RowBrowser dataset={dataset} />
                </QueryBoundary>
              ),
          },
          {
            value: 'tokens',
            label: text.tabs.tokens,
            content:
              dataset.tokensPerRow && dataset.completionTokensPerRow ? (
                <div className="grid gap-4 md:grid-cols-2">
                  <Suspense>
                    <Card className="p-5">
                      <Histogram data={dataset.tokensPerRow} title={text.histogramRows} bar={text.histogramBar} />
                    </Card>
                    <Card className="p-5">
                      <Histogram
                        data={dataset.completionTokensPerRow}
                        title={text.histogramCompletion}
                        bar={text.histogramBar}
                      />
                    </Card>
                  </Suspense>
                </div>
              ) : (
                <Notice>{text.countingTokens}</Notice>
              ),
          },
          {
            value: 'problems',
            label:
              dataset.problems > 0 ? `${text.tabs.problems} ${formatInteger(dataset.problems)}` : text.tabs.problems,
            content: (
              <QueryBoundary browserOnly>
                <DatasetProblems datasetId={id} />
              </QueryBoundary>
            ),
          },
          {
            value: 'jobs',
            label: text.tabs.jobs,
            content: (
              <Suspense>
                <DatasetJobs jobs={dataset.jobs} />
              </Suspense>
            ),
          },
        ]}
      />
    </Page>
  );
}
