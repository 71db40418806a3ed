'use client';

import type { JobEstimate } from '@parapet/contracts/portal/jobs';
import { TriangleAlert } from 'lucide-react';
import { Card, CardBody, CardHeader, Facts } from '#components/card.tsx';
import { Notice, Skeleton } from '#components/states.tsx';
import { cn } from '#lib/cn.ts';
import { errorText } from '#lib/error-text.ts';
import { formatBytes, formatDuration, formatInteger, formatMoney } from '#lib/format.ts';
import { jobForm } from '#text/en/job-form.ts';

const text = jobForm;

/** Steps, time, memory and cost before anything is started, and what stands in the way. */
export function EstimateCard({
  estimate,
  ready,
}: {
  estimate: { data?: JobEstimate; error: unknown; isFetching: boolean };
  /** A data set is chosen. */
  ready: boolean;
}) {
  const { data, error } = estimate;
  return (
    <Card>
      <CardHeader title={text.estimate} />
      <CardBody className="grid gap-3" aria-live="polite">
        {!ready ? (
          <p className="text-[0.8125rem] text-faint">{text.estimateHint}</p>
        ) : error ? (
          <Notice tone="danger">{errorText(error)}</Notice>
        ) : data === undefined ? (
          <Skeleton className="h-44" />
        ) : (
          <>
            <Facts
              className={cn('-my-2 transition-opacity', estimate.isFetching && 'opacity-60')}
              rows={[
                [text.steps, formatInteger(data.steps)],
                [text.tokens, formatInteger(data.trainedTokens)],
                [text.time, orUnknown(data.seconds, (seconds) => formatDuration(seconds * 1000))],
                [text.memory, orUnknown(data.memoryBytes, formatBytes)],
                [text.gpuSeconds, orUnknown(data.gpuSeconds, (seconds) => formatInteger(Math.ceil(seconds)))],
                [text.cost, orUnknown(data.costMicros, (micros) => formatMoney(micros, data.currency))],
              ]}
            />
            {data.warnings.map((warning) => (
              <Notice key={warning} tone="warn" icon={TriangleAlert}>
                {warning}
              </Notice>
            ))}
          </>
        )}
      </CardBody>
    </Card>
  );
}

function orUnknown(value: number | null, format: (value: number) => string) {
  return value === null ? <span className="text-faint">{text.notMeasured}</span> : format(value);
}
