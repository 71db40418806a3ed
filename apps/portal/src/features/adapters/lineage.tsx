'use client';

import type { AdapterVersionView } from '@parapet/contracts/portal/adapters';
import { useSuspenseQuery } from '@tanstack/react-query';
import { Activity, Boxes, Database, Layers, type LucideIcon, MoveRight } from 'lucide-react';
import Link from 'next/link';
import type { ReactNode } from 'react';
import { Card, CardBody, CardHeader, Facts } from '#components/card.tsx';
import { CopyableId } from '#components/copy.tsx';
import { recipeRows } from '#components/recipe-rows.ts';
import { Notice } from '#components/states.tsx';
import { formatInteger } from '#lib/format.ts';
import { useTRPC } from '#lib/trpc/client.tsx';
import { adapters } from '#text/en/adapters.ts';

const text = adapters.lineage;

/** Data → job → adapter, each by its digest. */
export function Lineage({ version }: { version: AdapterVersionView }) {
  const trpc = useTRPC();
  const { data } = useSuspenseQuery(trpc.adapters.lineage.queryOptions({ versionId: version.id }));
  return (
    <div className="grid gap-5">
      {data.job ? <p className="text-[0.8125rem] text-muted">{text.text}</p> : <Notice>{text.imported}</Notice>}
      <ol className="grid items-stretch gap-3 lg:grid-cols-[1fr_auto_1fr_auto_1fr]">
        {data.dataset ? (
          <>
            <Node icon={Database} kind={text.data}>
              <FileName file={data.dataset} />
              {data.validation ? (
                <div className="mt-3">
                  <p className="text-faint text-xs">{text.validation}</p>
                  <FileName file={data.validation} />
                </div>
              ) : null}
            </Node>
            <Arrow />
          </>
        ) : null}
        {data.job ? (
          <>
            <Node icon={Activity} kind={text.job}>
              <Link
                href={`/fine-tuning/${data.job.id}`}
                className="inline-block font-medium leading-6 text-accent-text underline underline-offset-2"
              >
                {text.steps(formatInteger(data.job.steps))}
              </Link>
              <p className="text-faint text-xs">{text.seed(String(data.job.seed))}</p>
              <CopyableId id={data.job.id} />
            </Node>
            <Arrow />
          </>
        ) : null}
        <Node icon={Layers} kind={text.adapter}>
          <p className="font-medium">{adapters.versionShort(version.version)}</p>
          <CopyableId id={version.digest} />
        </Node>
      </ol>
      <div className="grid items-start gap-5 md:grid-cols-2">
        <Card>
          <CardHeader title={text.base} />
          <CardBody>
            <p className="flex items-center gap-2 font-medium">
              <Boxes className="size-4 text-faint" aria-hidden="true" />
              {data.base.name}
            </p>
            <CopyableId id={data.base.digest} />
            {data.parent ? (
              <div className="mt-4">
                <p className="text-faint text-xs">{text.parent}</p>
                <CopyableId id={data.parent.digest} />
              </div>
            ) : null}
          </CardBody>
        </Card>
        {data.recipe ? (
          <Card>
            <CardHeader title={text.recipe} />
            <CardBody>
              <Facts rows={recipeRows(data.recipe)} className="-my-2" />
            </CardBody>
          </Card>
        ) : null}
      </div>
    </div>
  );
}

function Node({ icon: Icon, kind, children }: { icon: LucideIcon; kind: string; children: ReactNode }) {
  return (
    <li className="rounded-xl border border-line bg-surface p-4 text-[0.8125rem] shadow-card">
      <p className="mb-2 flex items-center gap-2 text-faint text-xs">
        <Icon className="size-4" aria-hidden="true" />
        {kind}
      </p>
      {children}
    </li>
  );
}

function Arrow() {
  return (
    <li aria-hidden="true" className="grid place-items-center">
      <MoveRight className="size-4 text-faint max-lg:rotate-90" />
    </li>
  );
}

function FileName({ file }: { file: { id: string | null; name: string; digest: string } }) {
  return (
    <>
      {file.id ? (
        <Link
          href={`/datasets/${file.id}`}
          className="inline-block font-medium leading-6 text-accent-text underline underline-offset-2"
        >
          {file.name}
        </Link>
      ) : (
        <p>
          <span className="font-medium">{file.name}</span> <span className="text-faint text-xs">{text.deleted}</span>
        </p>
      )}
      <div>
        <CopyableId id={file.digest} />
      </div>
    </>
  );
}
