'use client';

import { useSuspenseQuery } from '@tanstack/react-query';
import { MessageSquare } from 'lucide-react';
import Link from 'next/link';
import { lazy, Suspense } from 'react';
import { Badge } from '#components/badge.tsx';
import { Button } from '#components/button.tsx';
import { Card } from '#components/card.tsx';
import { CopyableId } from '#components/copy.tsx';
import { Page } from '#components/page.tsx';
import { Notice, QueryBoundary } from '#components/states.tsx';
import { UrlTabs } from '#components/tabs.tsx';
import { formatInteger } from '#lib/format.ts';
import { useTRPC } from '#lib/trpc/client.tsx';
import { useUrlState } from '#lib/url-state.ts';
import { adapters as text } from '#text/en/adapters.ts';
import { AdapterMenu } from './adapter-menu.tsx';
import { AliasList } from './alias-list.tsx';
import { methodText } from './method-text.ts';
import { VersionPicker } from './version-picker.tsx';
import { VersionTable } from './version-table.tsx';

const EvaluationCard = lazy(async () => ({ default: (await import('./evaluation-card.tsx')).EvaluationCard }));
const Lineage = lazy(async () => ({ default: (await import('./lineage.tsx')).Lineage }));
const VectorMap = lazy(async () => ({ default: (await import('./vector-map.tsx')).VectorMap }));

export function AdapterPage({ id }: { id: string }) {
  const trpc = useTRPC();
  const { data: adapter } = useSuspenseQuery(trpc.adapters.get.queryOptions({ adapterId: id }));
  const [wanted, setWanted] = useUrlState('version');
  const version =
    adapter.versionList.find((one) => String(one.version) === wanted) ?? adapter.latest ?? adapter.versionList[0];
  const picker = version ? (
    <VersionPicker
      versions={adapter.versionList}
      value={version.version}
      onChange={(next) => setWanted(next === adapter.latest?.version ? '' : String(next))}
    />
  ) : null;
  return (
    <Page
      title={adapter.name}
      crumbs={[{ href: '/adapters', label: text.title }]}
      badge={adapter.latest ? <Badge tone="accent">{text.versionShort(adapter.latest.version)}</Badge> : null}
      description={
        <span className="flex flex-wrap items-center gap-x-4 gap-y-1">
          {adapter.latest ? <CopyableId id={adapter.latest.model} full className="text-accent-text!" /> : null}
          <span>
            {adapter.latest
              ? `${methodText(adapter.latest.config)} · ${text.parameters(formatInteger(adapter.latest.parameters))}`
              : null}
          </span>
        </span>
      }
      actions={
        <>
          {adapter.latest ? (
            <Button asChild variant="primary">
              <Link href={`/playground?models=base,${encodeURIComponent(adapter.latest.model)}`}>
                <MessageSquare />
                {text.try}
              </Link>
            </Button>
          ) : null}
          <AdapterMenu adapter={adapter} />
        </>
      }
    >
      <UrlTabs
        label={text.tabsLabel}
        tabs={[
          {
            value: 'versions',
            label: text.tabs.versions,
            content: (
              <div className="grid gap-5">
                <AliasList adapter={adapter} />
                <Card>
                  <VersionTable adapter={adapter} />
                </Card>
              </div>
            ),
          },
          {
            value: 'lineage',
            label: text.tabs.lineage,
            content: version ? (
              <>
                {picker}
                <QueryBoundary key={version.id} browserOnly>
                  <Lineage version={version} />
                </QueryBoundary>
              </>
            ) : null,
          },
          {
            value: 'evaluation',
            label: text.tabs.evaluation,
            content: version ? (
              <>
                {picker}
                <QueryBoundary key={version.id} browserOnly>
                  <EvaluationCard versionId={version.id} />
                </QueryBoundary>
              </>
            ) : null,
          },
          {
            value: 'vectors',
            label: text.tabs.vectors,
            content: version ? (
              <>
                {picker}
                {version.config.method === 'para' ? (
                  <Suspense>
                    <VectorMap versionId={version.id} />
                  </Suspense>
                ) : (
                  <Notice>{text.vectors.onlyPara}</Notice>
                )}
              </>
            ) : null,
          },
        ]}
      />
    </Page>
  );
}
