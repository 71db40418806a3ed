'use client';

import { useSuspenseQuery } from '@tanstack/react-query';
import { GitCompareArrows } from 'lucide-react';
import Link from 'next/link';
import type UPlot from 'uplot';
import { Button } from '#components/button.tsx';
import { Card, CardBody, CardHeader } from '#components/card.tsx';
import { Segmented, Switch } from '#components/choice.tsx';
import { recipeRows } from '#components/recipe-rows.ts';
import { ScrollArea } from '#components/scroll-area.tsx';
import { EmptyState } from '#components/states.tsx';
import { themeColour, UplotChart } from '#components/uplot-chart.tsx';
import { cn } from '#lib/cn.ts';
import { formatDecimal, formatDeviceSeconds, formatInteger } from '#lib/format.ts';
import { useTRPC } from '#lib/trpc/client.tsx';
import { useUrlState } from '#lib/url-state.ts';
import { jobForm } from '#text/en/job-form.ts';
import { jobPage } from '#text/en/job-page.ts';
import { jobStatusNames } from '#text/en/job-status.ts';
import { recipeText } from '#text/en/recipe.ts';
import { training as text } from '#text/en/training.ts';
import { comparedColumns } from './compared-columns.ts';
import { curveAxes } from './loss-curve.tsx';

const colours = ['series-1', 'series-2', 'series-3', 'series-4', 'series-base', 'muted'] as const;
const swatches = ['bg-series-1', 'bg-series-2', 'bg-series-3', 'bg-series-4', 'bg-series-base', 'bg-muted'] as const;

/** Two to six jobs: their curves over each other, and their choices beside each other. */
export function CompareJobs({ jobIds }: { jobIds: string[] }) {
  const trpc = useTRPC();
  const { data: compared } = useSuspenseQuery(trpc.jobs.compare.queryOptions({ jobIds }));
  const [curve, setCurve] = useUrlState('curve', 'train');
  const [differing, setDiffering] = useUrlState('rows', 'all');
  const which = curve === 'valid' ? 'validLoss' : 'trainLoss';

  const tables = compared.map(
    ({ job }) =>
      new Map<string, string>([
        [text.columns.status, jobStatusNames[job.status]],
        [recipeText.trainingFile, job.trainingFile.name],
        [recipeText.validationFile, job.validationFile?.name ?? '–'],
        ...recipeRows(job.recipe),
        [recipeText.finalTrain, job.trainLoss === null ? '–' : formatDecimal(job.trainLoss)],
        [recipeText.finalValid, job.validLoss === null ? '–' : formatDecimal(job.validLoss)],
        [recipeText.tokens, formatInteger(job.trainedTokens)],
        [recipeText.device, formatDeviceSeconds(job.deviceMicros)],
      ]),
  );
  const names = [...new Set(tables.flatMap((table) => [...table.keys()]))];
  const differs = (name: string) => new Set(tables.map((table) => table.get(name))).size > 1;
  const shown = differing === 'differing' ? names.filter(differs) : names;

  return (
    <div className="grid gap-5">
      <Card>
        <CardHeader
          title={jobPage.live.curve}
          actions={
            <Segmented
              label={jobPage.live.curve}
              value={curve === 'valid' ? 'valid' : 'train'}
              onChange={setCurve}
              options={[
                { value: 'train', label: jobPage.live.train },
                { value: 'valid', label: jobPage.live.valid },
              ]}
            />
          }
        />
        <CardBody>
          <UplotChart
            className="h-80"
            redrawKey={`${which}${jobIds.join()}`}
            label={text.compareTitle}
            data={() => comparedColumns(compared, which)}
            options={() => ({
              padding: [8, 8, 0, 0],
              legend: { show: false },
              cursor: { y: false, points: { size: 7 } },
              scales: { x: { time: false } },
              axes: curveAxes(),
              series: [
                {},
                ...compared.map(
                  (_job, index): UPlot.Series => ({
                    stroke: themeColour(colours[index] ?? 'muted'),
                    width: 2,
                    spanGaps: true,
                    points: { show: which === 'validLoss', size: 5 },
                  }),
                ),
              ],
            })}
          />
        </CardBody>
      </Card>
      <Card>
        <CardHeader
          title={jobForm.parameters}
          actions={
            <Switch
              label={text.onlyDifferences}
              checked={differing === 'differing'}
              onChange={(only) => setDiffering(only ? 'differing' : 'all')}
            />
          }
        />
        <ScrollArea className="overflow-x-auto" label={jobForm.parameters}>
          <table className="w-full text-[0.8125rem]">
            <thead>
              <tr className="border-line border-b text-left">
                <td className="sticky left-0 bg-surface px-5 py-2" />
                {compared.map(({ job }, index) => (
                  <th key={job.id} scope="col" className="min-w-36 px-3 py-2 font-medium last:pr-5">
                    <span
                      aria-hidden="true"
                      className={cn('mr-2 inline-block h-0.5 w-3.5 rounded-full align-middle', swatches[index])}
                    />
                    <Link href={`/fine-tuning/${job.id}`} className="hover:text-accent-text">
                      {job.suffix ?? job.id.slice(-8)}
                    </Link>
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {shown.map((name) => (
                <tr key={name} className="border-line border-b last:border-0">
                  <th
                    scope="row"
                    className="sticky left-0 whitespace-nowrap bg-surface py-2 pr-3 pl-5 text-left font-normal text-faint"
                  >
                    {name}
                  </th>
                  {tables.map((table, index) => (
                    <td
                      key={jobIds[index]}
                      className={cn(
                        'whitespace-nowrap px-3 py-2 tabular-nums last:pr-5',
                        differs(name) && 'font-medium text-accent-text',
                      )}
                    >
                      {table.get(name) ?? '–'}
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </ScrollArea>
      </Card>
    </div>
  );
}

export function NothingToCompare() {
  return (
    <Card>
      <EmptyState
        icon={GitCompareArrows}
        title={text.compareTitle}
        action={
          <Button asChild>
            <Link href="/fine-tuning">{text.title}</Link>
          </Button>
        }
      >
        {text.compareEmpty}
      </EmptyState>
    </Card>
  );
}
