'use client';

import { useSuspenseQuery } from '@tanstack/react-query';
import { Card, CardBody, CardHeader, Stat } from '#components/card.tsx';
import { SampleAnswers } from '#components/sample-answers.tsx';
import { Notice } from '#components/states.tsx';
import { formatCompact, formatDecimal, formatInteger, formatPercent } from '#lib/format.ts';
import { useTRPC } from '#lib/trpc/client.tsx';
import { adapters } from '#text/en/adapters.ts';

const text = adapters.evaluation;

/** What was measured when the version was made, and its answers to held-out rows beside the base model's. */
export function EvaluationCard({ versionId }: { versionId: string }) {
  const trpc = useTRPC();
  const { data } = useSuspenseQuery(trpc.adapters.evaluation.queryOptions({ versionId }));
  const { finalMetrics: metrics, samples } = data;
  if (metrics === null) return <Notice>{text.none}</Notice>;
  const right = (which: 'base' | 'adapted') =>
    samples.filter((sample) => sample[which].trim() === sample.expected.trim()).length;
  return (
    <div className="grid gap-5">
      <Card>
        <CardBody className="pt-4 sm:pt-5">
          <dl className="grid grid-cols-2 gap-x-6 gap-y-5 sm:grid-cols-3 lg:grid-cols-6">
            <Stat
              label={text.trainLoss}
              value={formatDecimal(metrics.trainLoss)}
              note={text.trainAccuracy(formatPercent(metrics.trainTokenAccuracy))}
            />
            <Stat label={text.validLoss} value={metrics.validLoss === null ? '–' : formatDecimal(metrics.validLoss)} />
            <Stat
              label={text.validAccuracy}
              value={metrics.validTokenAccuracy === null ? '–' : formatPercent(metrics.validTokenAccuracy)}
              note={text.validAccuracyNote}
            />
            <Stat
              label={text.best}
              value={data.bestStep === null ? '–' : formatInteger(data.bestStep)}
              note={data.stoppedEarly ? text.early : undefined}
            />
            <Stat label={text.trained} value={formatCompact(metrics.trainedTokens)} />
            {samples.length > 0 ? (
              <Stat
                label={text.adapterRight}
                value={text.of(formatInteger(right('adapted')), formatInteger(samples.length))}
                note={text.baseRight(text.of(formatInteger(right('base')), formatInteger(samples.length)))}
              />
            ) : null}
          </dl>
        </CardBody>
      </Card>
      {samples.length > 0 ? (
        <Card>
          <CardHeader title={text.samples} />
          <SampleAnswers samples={samples} />
        </Card>
      ) : null}
    </div>
  );
}
