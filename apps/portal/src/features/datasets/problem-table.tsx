import type { RowProblem } from '@parapet/contracts/training-row';
import { Badge } from '#components/badge.tsx';
import { ScrollArea } from '#components/scroll-area.tsx';
import { formatInteger } from '#lib/format.ts';
import { problemNames } from '#text/en/dataset-problems.ts';
import { datasets as text } from '#text/en/datasets.ts';

/** Lines at fault with their codes; scrolls in itself when there are many. */
export function ProblemTable({ problems, total }: { problems: readonly RowProblem[]; total: number }) {
  return (
    <ScrollArea className="relative max-h-96 overflow-auto" label={text.problem}>
      <table className="w-full text-[0.8125rem]">
        <thead className="sticky top-0 bg-surface">
          <tr className="border-line border-b text-left text-faint text-xs [&>th]:px-4 [&>th]:py-2 [&>th]:font-medium">
            <th scope="col">{text.line}</th>
            <th scope="col">{text.code}</th>
            <th scope="col">{text.problem}</th>
          </tr>
        </thead>
        <tbody>
          {problems.map((problem, index) => (
            <tr key={index} className="border-line border-b align-baseline last:border-0 [&>td]:px-4 [&>td]:py-2">
              <td className="font-mono text-xs tabular-nums">
                {problem.line === 0 ? text.wholeFile : formatInteger(problem.line)}
              </td>
              <td className="whitespace-nowrap">
                <Badge tone={problem.severity === 'error' ? 'danger' : 'warn'}>
                  <span className="sr-only">{problem.severity === 'error' ? text.error : text.warning}: </span>
                  {problemNames[problem.code]}
                </Badge>
                <code className="mt-1 block font-mono text-faint text-xs">{problem.code}</code>
              </td>
              <td className="min-w-48 [overflow-wrap:anywhere]">{problem.message}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {total > problems.length ? (
        <p className="px-4 py-2 text-faint text-xs">
          {text.problemsCount(formatInteger(problems.length), formatInteger(total))}
        </p>
      ) : null}
    </ScrollArea>
  );
}
