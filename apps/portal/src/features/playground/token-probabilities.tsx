'use client';

import type { ChatLogprobs } from '@parapet/contracts/openai-chat';
import { ScrollArea } from '#components/scroll-area.tsx';
import { formatPercent } from '#lib/format.ts';
import { playground as text } from '#text/en/playground.ts';

/** Every token with how sure the model was: at a glance by colour, exactly in the table. */
export function TokenProbabilities({ tokens }: { tokens: ChatLogprobs['content'] }) {
  return (
    <details className="mt-3 rounded-lg border border-line text-xs">
      <summary className="cursor-pointer rounded-lg px-3 py-2 font-medium">{text.probabilities}</summary>
      <p aria-hidden="true" className="px-3 pb-2 font-mono leading-relaxed [overflow-wrap:anywhere]">
        {tokens.map((token, index) => (
          <span
            key={index}
            className="whitespace-pre-wrap rounded-sm"
            style={{
              background: `color-mix(in oklch, var(--warn) ${Math.round((1 - Math.exp(token.logprob)) * 60)}%, transparent)`,
            }}
          >
            {token.token}
          </span>
        ))}
      </p>
      <ScrollArea className="relative max-h-60 overflow-auto border-line border-t" label={text.probabilities}>
        <table className="w-full">
          <thead className="sticky top-0 bg-surface text-left text-faint">
            <tr className="[&>th]:px-3 [&>th]:py-1.5 [&>th]:font-medium">
              <th scope="col">{text.token}</th>
              <th scope="col">{text.probability}</th>
              <th scope="col">{text.alternatives}</th>
            </tr>
          </thead>
          <tbody className="font-mono">
            {tokens.map((token, index) => (
              <tr key={index} className="border-line border-t [&>td]:px-3 [&>td]:py-1">
                <td className="whitespace-pre">{JSON.stringify(token.token).slice(1, -1)}</td>
                <td className="tabular-nums">{formatPercent(Math.exp(token.logprob))}</td>
                <td className="text-faint">
                  {token.top_logprobs
                    .filter((other) => other.token !== token.token)
                    .map(
                      (other) =>
                        `${JSON.stringify(other.token).slice(1, -1)} ${formatPercent(Math.exp(other.logprob))}`,
                    )
                    .join('  ')}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </ScrollArea>
    </details>
  );
}
