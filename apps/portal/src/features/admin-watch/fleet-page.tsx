'use client';

import type { ServeWorkerView, TrainWorkerView } from '@parapet/contracts/portal/admin';
import { useMutation, useQueryClient, useSuspenseQuery } from '@tanstack/react-query';
import { CirclePause, CirclePlay, Cpu, Dumbbell } from 'lucide-react';
import Link from 'next/link';
import { Badge } from '#components/badge.tsx';
import { Button } from '#components/button.tsx';
import { Card, CardBody, CardHeader, Facts } from '#components/card.tsx';
import { Confirm } from '#components/confirm.tsx';
import { CopyableId } from '#components/copy.tsx';
import { Meter } from '#components/meter.tsx';
import { EmptyState, Notice } from '#components/states.tsx';
import { Time } from '#components/time.tsx';
import { toast } from '#components/toast.tsx';
import { cn } from '#lib/cn.ts';
import { errorText } from '#lib/error-text.ts';
import {
  formatBytes,
  formatCompact,
  formatDecimal,
  formatDuration,
  formatInteger,
  formatPercent,
} from '#lib/format.ts';
import { useTRPC } from '#lib/trpc/client.tsx';
import { fleet as text } from '#text/en/admin.ts';

const tones = { healthy: 'ok', draining: 'warn', wedged: 'danger', lost: 'danger' } as const;

/** Every engine and training worker as it last reported. */
export function FleetPage() {
  const trpc = useTRPC();
  const { data } = useSuspenseQuery(trpc.admin.fleet.get.queryOptions(undefined, { refetchInterval: 2000 }));
  // Those that are lost say what was, not what is.
  const serve = data.serve.toSorted((a, b) => Number(a.state === 'lost') - Number(b.state === 'lost'));
  return (
    <div className="grid gap-6">
      <section aria-labelledby="serve">
        <h2 id="serve" className="mb-3 font-semibold text-sm">
          {text.serve}
        </h2>
        {data.serve.length === 0 ? (
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

function Engine({ worker }: { worker: ServeWorkerView }) {
  const unknown = <span className="text-faint">{text.notMeasured}</span>;
  return (
    <Card className={cn('h-full', worker.state === 'lost' && 'border-dashed shadow-none')}>
      <CardHeader
        level={3}
        title={
          <span className="flex flex-wrap items-center gap-2">
            {worker.device.name}
            <Badge tone={tones[worker.state]} dot live={worker.state === 'healthy' && worker.running > 0}>
              {text.states[worker.state]}
            </Badge>
          </span>
        }
        description={
          <span className="flex flex-wrap gap-x-3">
            <span>
              {worker.baseModel} · {worker.weights} · {worker.device.kind}
            </span>
            <CopyableId id={worker.id} />
          </span>
        }
        actions={<DrainButton worker={worker} />}
      />
      <CardBody className="grid gap-4">
        <div className="grid gap-4 sm:grid-cols-3">
          <Meter compact label={text.rows} used={worker.running} limit={worker.maxRows} format={formatInteger} />
          <Meter compact label={text.queue} used={worker.waiting} limit={worker.maxQueue} format={formatInteger} />
          <Meter
            compact
            label={text.kv}
            used={Math.round(worker.kvUsage * worker.kvCapacityTokens)}
            limit={worker.kvCapacityTokens}
            format={formatCompact}
          />
        </div>
        <Facts
          rows={[
            [text.adapters, `${formatInteger(worker.residentAdapters)} · ${formatBytes(worker.residentAdapterBytes)}`],
            [
              text.step,
              worker.stepMsP50 === null || worker.stepMsP99 === null
                ? unknown
                : text.stepValue(formatDuration(worker.stepMsP50), formatDuration(worker.stepMsP99)),
            ],
            [text.tax, worker.adapterTax === null ? unknown : formatPercent(worker.adapterTax)],
            [
              text.speed,
              worker.tokensPerSecond === null ? unknown : text.speedValue(formatDecimal(worker.tokensPerSecond, 1)),
            ],
            [text.seen, <Time key="seen" at={worker.lastSeenAt} />],
          ]}
        />
      </CardBody>
    </Card>
  );
}

function DrainButton({ worker }: { worker: ServeWorkerView }) {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const reload = () => queryClient.invalidateQueries(trpc.admin.fleet.pathFilter());
  const drain = useMutation(trpc.admin.fleet.drain.mutationOptions());
  const undrain = useMutation(
    trpc.admin.fleet.undrain.mutationOptions({
      onSuccess: async () => {
        toast(text.undrained);
        await reload();
      },
      onError: (error) => toast(errorText(error), { tone: 'danger' }),
    }),
  );
  if (worker.state === 'draining') {
    return (
      <Button size="sm" pending={undrain.isPending} onClick={() => undrain.mutate({ workerId: worker.id })}>
        {text.undrain}
      </Button>
    );
  }
  if (worker.state !== 'healthy') return null;
  return (
    <Confirm
      trigger={<Button size="sm">{text.drain}</Button>}
      title={text.drainTitle}
      action={text.drain}
      undoable
      onConfirm={async () => {
        await drain.mutateAsync({ workerId: worker.id });
        toast(text.drained);
        await reload();
      }}
    >
      {text.drainText}
    </Confirm>
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
