'use client';

import type { ServeWorkerView } from '@parapet/contracts/portal/admin';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Badge } from '#components/badge.tsx';
import { Button } from '#components/button.tsx';
import { Card, CardBody, CardHeader, Facts } from '#components/card.tsx';
import { Confirm } from '#components/confirm.tsx';
import { CopyableId } from '#components/copy.tsx';
import { Meter } from '#components/meter.tsx';
import { Time } from '#components/time.tsx';
import { toast } from '#components/toast.tsx';
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

/** A serve worker: load, memory, step times. */
export function Engine({ worker }: { worker: ServeWorkerView }) {
  const unknown = <span className="text-faint">{text.notMeasured}</span>;
  return (
    <Card className="h-full">
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

/** What it last said of its load is not so any more. */
export function LostEngine({ worker }: { worker: ServeWorkerView }) {
  return (
    <li className="flex flex-wrap items-center gap-x-4 gap-y-1 px-4 py-3 text-[0.8125rem] sm:px-5">
      <span className="min-w-0 flex-1 basis-52">
        {worker.device.name}{' '}
        <span className="text-faint">
          {worker.baseModel} · {worker.weights} · {worker.device.kind}
        </span>
      </span>
      <CopyableId id={worker.id} />
      <Badge tone={tones.lost} dot>
        {text.states.lost}
      </Badge>
      <Time at={worker.lastSeenAt} className="text-faint text-xs" />
    </li>
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
