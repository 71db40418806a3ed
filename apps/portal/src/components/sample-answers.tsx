import type { SamplePrediction } from '@parapet/contracts/recipe';
import { jobPage } from '#text/en/job-page.ts';
import { Badge } from './badge.tsx';

const text = jobPage.samples;

/** Held-out rows: what was asked, what was expected, what base model and adapter answered. */
export function SampleAnswers({ samples }: { samples: readonly SamplePrediction[] }) {
  return (
    <ul className="divide-y divide-line border-line border-t">
      {samples.map((sample) => (
        <li
          key={`${sample.step} ${sample.prompt}`}
          className="grid gap-3 p-4 sm:px-5 lg:grid-cols-[minmax(0,2fr)_minmax(0,3fr)] lg:gap-6"
        >
          <div>
            <p className="mb-1 text-faint text-xs">{text.prompt}</p>
            <p className="line-clamp-6 whitespace-pre-wrap text-[0.8125rem] [overflow-wrap:anywhere]">
              {sample.prompt}
            </p>
          </div>
          <div className="grid gap-3 sm:grid-cols-3">
            <Answer name={text.expected} answer={sample.expected} />
            <Answer name={text.base} answer={sample.base} expected={sample.expected} />
            <Answer name={text.adapted} answer={sample.adapted} expected={sample.expected} />
          </div>
        </li>
      ))}
    </ul>
  );
}

function Answer({ name, answer, expected }: { name: string; answer: string; expected?: string }) {
  const right = expected !== undefined && answer.trim() === expected.trim();
  return (
    <div className="min-w-0">
      <p className="mb-1 flex items-center gap-2 text-faint text-xs">
        {name}
        {right ? <Badge tone="ok">{text.right}</Badge> : null}
      </p>
      <p className="line-clamp-6 whitespace-pre-wrap font-mono text-xs leading-relaxed [overflow-wrap:anywhere]">
        {answer}
      </p>
    </div>
  );
}
