import type { SamplePrediction } from '@parapet/contracts/recipe';
import { cn } from '#lib/cn.ts';
import { jobPage } from '#text/en/job-page.ts';
import { Badge } from './badge.tsx';

const text = jobPage.samples;

/** The last question in a prompt as the model sees it: what the chat template says before it is the same in every row. */
function asked(prompt: string): string {
  const at = prompt.lastIndexOf('\nuser\n');
  return (at < 0 ? prompt : prompt.slice(at + 6)).replace(/\nassistant\s*$/, '').trim();
}

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
            <p className="mb-1 min-h-5 text-faint text-xs leading-5">{text.prompt}</p>
            <Prompt text={asked(sample.prompt)} />
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
      <p className="mb-1 flex min-h-5 items-center gap-2 text-faint text-xs">
        {name}
        {right ? <Badge tone="ok">{text.right}</Badge> : null}
      </p>
      <p className="line-clamp-6 whitespace-pre-wrap font-mono text-xs leading-relaxed [overflow-wrap:anywhere]">
        {answer}
      </p>
    </div>
  );
}

/** Longer prompts begin folded. */
const foldedCharacters = 280;

function Prompt({ text: prompt }: { text: string }) {
  const style = 'whitespace-pre-wrap text-[0.8125rem] [overflow-wrap:anywhere]';
  if (prompt.length <= foldedCharacters) return <p className={style}>{prompt}</p>;
  return (
    <details className="group text-[0.8125rem]">
      <summary className="cursor-pointer list-none rounded [&::-webkit-details-marker]:hidden">
        <span className={cn(style, 'group-open:hidden')}>{prompt.slice(0, foldedCharacters).trimEnd()}… </span>
        <span className="text-accent-text underline underline-offset-2 group-open:hidden">{text.wholePrompt}</span>
        <span className="hidden text-accent-text underline underline-offset-2 group-open:inline">
          {text.foldPrompt}
        </span>
      </summary>
      <p className={style}>{prompt}</p>
    </details>
  );
}
