'use client';

import { useSuspenseQuery } from '@tanstack/react-query';
import { CircleCheck, TriangleAlert } from 'lucide-react';
import { Badge } from '#components/badge.tsx';
import { Card } from '#components/card.tsx';
import { Notice } from '#components/states.tsx';
import { Time } from '#components/time.tsx';
import { formatDuration } from '#lib/format.ts';
import { useTRPC } from '#lib/trpc/client.tsx';
import { health as text } from '#text/en/admin.ts';

const tones = { ok: 'ok', degraded: 'warn', down: 'danger' } as const;

export function HealthPage() {
  const trpc = useTRPC();
  const { data } = useSuspenseQuery(trpc.admin.health.get.queryOptions(undefined, { refetchInterval: 5000 }));
  const troubled = data.components.filter((component) => component.state !== 'ok').length;
  const down = data.components.some((component) => component.state === 'down');
  return (
    <div className="grid gap-4">
      <div aria-live="polite">
        {troubled === 0 ? (
          <Notice tone="ok" icon={CircleCheck}>
            {text.allOk}
          </Notice>
        ) : (
          <Notice tone={down ? 'danger' : 'warn'} icon={TriangleAlert}>
            {text.someDown(troubled)}
          </Notice>
        )}
      </div>
      <Card>
        <ul className="divide-y divide-line">
          {data.components.map((component) => (
            <li
              key={component.name}
              className="flex flex-wrap items-center gap-x-4 gap-y-1 px-4 py-3 text-[0.8125rem] sm:px-5"
            >
              <span className="w-40 font-medium">{component.name}</span>
              <Badge tone={tones[component.state]} dot>
                {text.states[component.state]}
              </Badge>
              <span className="min-w-0 flex-1 basis-60 text-muted [overflow-wrap:anywhere]">{component.detail}</span>
              {component.latencyMs === null ? null : (
                <span className="text-faint text-xs tabular-nums">{formatDuration(component.latencyMs)}</span>
              )}
            </li>
          ))}
        </ul>
      </Card>
      <p className="text-faint text-xs">
        {text.version} {data.version} · {text.running} <Time at={data.startedAt} />
      </p>
    </div>
  );
}
