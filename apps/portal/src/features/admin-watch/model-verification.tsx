import type { BaseModelView } from '@parapet/contracts/portal/admin';
import { BadgeCheck, CircleX } from 'lucide-react';
import { Badge } from '#components/badge.tsx';
import { Button } from '#components/button.tsx';
import { Card, CardBody, CardHeader, Facts } from '#components/card.tsx';
import { CopyableId } from '#components/copy.tsx';
import { Notice } from '#components/states.tsx';
import { Time } from '#components/time.tsx';
import { formatBytes, formatDuration, formatInteger } from '#lib/format.ts';
import { modelTasks as text } from '#text/en/base-models.ts';
import { ModelTaskProgress } from './model-task-progress.tsx';
import { useModelTask } from './use-model-task.ts';

/** What was last found when a model's files, tensors, tokenizer and answer were held to what they should be. */
export function ModelVerification({ model }: { model: BaseModelView }) {
  const { verify, pending } = useModelTask(model);
  const { task, verification: last } = model;
  const result = last?.result?.kind === 'verify' ? last.result : null;
  return (
    <Card>
      <CardHeader
        level={3}
        title={
          <span className="flex flex-wrap items-center gap-2">
            {text.verification}
            {result ? (
              <Badge tone="ok">
                <BadgeCheck className="size-3" aria-hidden="true" />
                {text.verified}
              </Badge>
            ) : null}
            {last?.finishedAt ? <Time at={last.finishedAt} className="font-normal text-faint text-xs" /> : null}
          </span>
        }
        description={text.verificationText}
        actions={
          <Button disabled={task !== null} pending={pending} onClick={verify}>
            {last ? text.verifyAgain : text.verify}
          </Button>
        }
      />
      <CardBody className="grid gap-4">
        {task?.kind === 'verify' ? <ModelTaskProgress model={model} task={task} /> : null}
        {last?.status === 'failed' ? (
          <Notice tone="danger" icon={CircleX} title={text.verificationFailed}>
            {last.error}
          </Notice>
        ) : null}
        {last === null && task?.kind !== 'verify' ? (
          <p className="text-[0.8125rem] text-faint">{text.neverVerified}</p>
        ) : null}
        {result ? (
          <>
            <div className="grid gap-x-10 md:grid-cols-2">
              <Facts
                rows={[
                  [
                    text.facts.files,
                    <>
                      {text.filesValue(
                        result.files.length,
                        formatBytes(result.files.reduce((sum, file) => sum + file.bytes, 0)),
                      )}
                      , {text.against[result.against]}
                    </>,
                  ],
                  [text.facts.tensors, text.tensorsValue(formatInteger(result.tensors))],
                  [text.facts.texts, text.textsValue(formatInteger(result.texts))],
                ]}
              />
              <Facts
                className="max-md:border-line max-md:border-t"
                rows={[
                  [text.facts.answer, <q key="answer">{result.answer.trim()}</q>],
                  [text.facts.took, formatDuration(result.ms)],
                  ...(last?.worker ? [[text.facts.worker, last.worker] as const] : []),
                ]}
              />
            </div>
            <details className="text-[0.8125rem]">
              <summary className="cursor-pointer rounded text-muted">{text.digests}</summary>
              <ul className="mt-2 grid gap-1.5">
                {result.files.map((file) => (
                  <li key={file.name} className="flex flex-wrap items-center justify-between gap-x-4">
                    <span className="min-w-0 [overflow-wrap:anywhere]">{file.name}</span>
                    <CopyableId id={file.sha256} />
                  </li>
                ))}
              </ul>
            </details>
          </>
        ) : null}
      </CardBody>
    </Card>
  );
}
