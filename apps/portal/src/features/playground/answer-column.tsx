'use client';

import type { CallableModel } from '@parapet/contracts/portal/playground';
import { X } from 'lucide-react';
import { lazy, Suspense, useEffect, useState } from 'react';
import { Button } from '#components/button.tsx';
import { Card } from '#components/card.tsx';
import { Slider } from '#components/choice.tsx';
import { CopyableId, CopyButton } from '#components/copy.tsx';
import { Notice } from '#components/states.tsx';
import { errorText } from '#lib/error-text.ts';
import { formatDecimal } from '#lib/format.ts';
import { playground as text } from '#text/en/playground.ts';
import { AnswerMetrics } from './answer-metrics.tsx';
import { type ChatParameters, chatBody } from './chat-request.ts';
import { ModelSelect } from './model-select.tsx';
import { useAnswer } from './use-answer.ts';

const TokenProbabilities = lazy(async () => ({
  default: (await import('./token-probabilities.tsx')).TokenProbabilities,
}));

export type ColumnHandle = {
  run: (parameters: ChatParameters, logprobs: boolean) => void;
  stop: () => void;
  strength: () => number | null;
};

/** One model's answer with what it took. */
export function AnswerColumn({
  model,
  models,
  taken,
  onModel,
  onRemove,
  onBusy,
  register,
}: {
  model: string;
  models: readonly CallableModel[];
  taken: readonly string[];
  onModel: (model: string) => void;
  onRemove?: () => void;
  onBusy: (busy: boolean) => void;
  register: (handle: ColumnHandle | null) => void;
}) {
  const { answer, run, stop } = useAnswer();
  const [strength, setStrength] = useState(1);
  const info = models.find((other) => other.model === model);
  const adapted = info !== undefined && info.kind !== 'base';
  const running = answer.state === 'running';

  useEffect(() => {
    register({
      run: (parameters, logprobs) =>
        void run({
          ...chatBody(model, parameters, adapted ? strength : null),
          ...(logprobs ? { logprobs: true, top_logprobs: 3 } : {}),
        }),
      stop,
      strength: () => (adapted ? strength : null),
    });
    return () => register(null);
  });

  useEffect(() => onBusy(running), [running]);

  return (
    <Card className="flex flex-col" aria-label={text.answer(info?.label ?? model)}>
      <div className="flex items-center gap-1 border-line border-b p-2">
        <ModelSelect model={model} models={models} taken={taken} onModel={onModel} />
        {onRemove ? (
          <Button variant="ghost" size="iconSm" aria-label={text.removeModel(info?.label ?? model)} onClick={onRemove}>
            <X />
          </Button>
        ) : null}
      </div>
      {adapted ? (
        <div className="flex items-center gap-3 border-line border-b px-4 py-2 text-xs">
          <span className="whitespace-nowrap text-faint">{text.strength}</span>
          <Slider label={text.strength} value={strength} onChange={setStrength} min={0} max={2} step={0.05} />
          <span className="w-10 whitespace-nowrap text-right tabular-nums">
            {text.strengthValue(formatDecimal(strength, 2))}
          </span>
        </div>
      ) : null}
      <div className="min-h-36 flex-1 px-4 py-3" aria-busy={running}>
        {answer.state === 'idle' ? <p className="text-[0.8125rem] text-faint">{text.waiting}</p> : null}
        {answer.text !== '' || running ? (
          <p data-testid="answer" className="whitespace-pre-wrap text-sm leading-relaxed [overflow-wrap:anywhere]">
            {answer.text}
            {running ? (
              <span
                aria-hidden="true"
                className="ml-0.5 inline-block h-4 w-1.5 animate-pulse bg-accent align-text-bottom"
              />
            ) : null}
          </p>
        ) : null}
        {answer.state === 'failed' ? (
          <div role="alert" className="mt-2">
            <Notice tone="danger">{errorText(answer.error)}</Notice>
          </div>
        ) : null}
        <p role="status" className="sr-only">
          {running
            ? text.running
            : answer.state === 'done' && answer.finish
              ? `${text.finished[answer.finish]}. ${answer.text}`
              : ''}
        </p>
        <Suspense>
          {answer.logprobs.length > 0 && !running ? <TokenProbabilities tokens={answer.logprobs} /> : null}
        </Suspense>
      </div>
      {answer.state === 'done' || answer.state === 'failed' ? (
        <div className="border-line border-t px-4 py-3">
          <AnswerMetrics answer={answer} price={info?.price} />
          <div className="mt-2 flex items-center justify-between gap-2">
            {answer.requestId ? <CopyableId id={answer.requestId} /> : <span />}
            {answer.text === '' ? null : <CopyButton value={answer.text} label={text.answer(info?.label ?? model)} />}
          </div>
        </div>
      ) : null}
    </Card>
  );
}
