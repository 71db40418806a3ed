'use client';

import { useSuspenseQuery } from '@tanstack/react-query';
import { TriangleAlert } from 'lucide-react';
import { Badge } from '#components/badge.tsx';
import { Card, CardBody, CardHeader } from '#components/card.tsx';
import { Notice } from '#components/states.tsx';
import { useTRPC } from '#lib/trpc/client.tsx';
import { quotaNamesText, usage as text } from '#text/en/usage.ts';
import { QuotaMeters } from './quota-meters.tsx';

/** The organisation's limits with what is used of them. */
export function QuotaCard() {
  const trpc = useTRPC();
  const { data } = useSuspenseQuery(trpc.quota.get.queryOptions(undefined, { refetchInterval: 15_000 }));
  const exhausted = data.lines.filter((line) => line.state === 'exhausted' && line.resetsAt !== null);
  return (
    <Card className="mb-5">
      <CardHeader title={text.quota} actions={<Badge>{text.plan(data.plan.name)}</Badge>} />
      <CardBody className="grid gap-4">
        {exhausted.length > 0 ? (
          <Notice
            tone="danger"
            icon={TriangleAlert}
            title={exhausted.map((line) => quotaNamesText[line.name]).join(', ')}
          >
            {text.exhausted}
          </Notice>
        ) : null}
        <QuotaMeters quota={data} />
      </CardBody>
    </Card>
  );
}
