'use client';

import type { SamplePrediction } from '@parapet/contracts/recipe';
import { useQuery } from '@tanstack/react-query';
import { ListChecks } from 'lucide-react';
import { useMemo } from 'react';
import { Card } from '#components/card.tsx';
import { SampleAnswers } from '#components/sample-answers.tsx';
import { EmptyState, ErrorState } from '#components/states.tsx';
import { formatInteger } from '#lib/format.ts';
import { useTRPC } from '#lib/trpc/client.tsx';
import { useUrlState } from '#lib/url-state.ts';
import { jobPage } from '#text/en/job-page.ts';

const text = jobPage.samples;

/** Held-out rows as base and adapter answer them, at each step they were tried. */
export function SampleTable({ live, jobId }: { live: SamplePrediction[]; jobId: string }) {
  const trpc = useTRPC();
  const stored = useQuery(trpc.jobs.samples.queryOptions({ jobId }));
  const [wanted, setWanted] = useUrlState('at');
  const samples = useMemo(() => {
    const once = new Map<string, SamplePrediction>();
    for (const sample of [...(stored.data ?? []), ...live]) once.set(`${sample.step} ${sample.prompt}`, sample);
    return [...once.values()];
  }, [stored.data, live]);
  const steps = [...new Set(samples.map((sample) => sample.step))].sort((a, b) => b - a);
  const step = steps.includes(Number(wanted)) && wanted !== '' ? Number(wanted) : steps[0];
  if (stored.error) return <ErrorState error={stored.error} retry={() => void stored.refetch()} />;
  if (step === undefined) {
    return (
      <Card>
        <EmptyState icon={ListChecks} title={jobPage.tabs.samples}>
          {text.empty}
        </EmptyState>
      </Card>
    );
  }
  return (
    <Card>
      <div className="flex items-center gap-3 px-4 py-2.5">
        <label className="flex items-center gap-2 text-[0.8125rem]">
          <span className="whitespace-nowrap">{text.stepLabel}</span>
          <select
            className="field h-8 px-2"
            value={step}
            onChange={(event) => setWanted(Number(event.target.value) === steps[0] ? '' : event.target.value)}
          >
            {steps.map((at) => (
              <option key={at} value={at}>
                {choiceOf(samples, at)}
              </option>
            ))}
          </select>
        </label>
      </div>
      <SampleAnswers samples={samples.filter((sample) => sample.step === step)} />
    </Card>
  );
}

/** A step with how many of its answers match: the choice itself shows whether they improve. */
function choiceOf(samples: readonly SamplePrediction[], step: number): string {
  const there = samples.filter((sample) => sample.step === step);
  const right = there.filter((sample) => sample.adapted.trim() === sample.expected.trim());
  return text.stepChoice(formatInteger(step), formatInteger(right.length), formatInteger(there.length));
}
