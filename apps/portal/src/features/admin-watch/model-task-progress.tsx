import type { BaseModelView, ModelTaskView } from '@parapet/contracts/portal/admin';
import { Button } from '#components/button.tsx';
import { Progress } from '#components/meter.tsx';
import { modelTasks as text } from '#text/en/base-models.ts';
import { useModelTask } from './use-model-task.ts';

/** How far a task is, and the way to end it. */
export function ModelTaskProgress({ model, task }: { model: BaseModelView; task: ModelTaskView }) {
  const { cancel } = useModelTask(model);
  const waiting = task.status === 'queued';
  const what = waiting ? text.waiting : task.step === null ? text.steps.files : text.steps[task.step];
  return (
    <div className="flex items-center gap-4" aria-live="polite">
      <div className="min-w-0 flex-1">
        <p className="mb-1.5 text-[0.8125rem] text-muted">
          {waiting && model.workers === 0 && model.digest !== null ? text.noWorker : what}
        </p>
        <Progress label={text.progress(what)} value={waiting ? null : task.done} />
      </div>
      <Button size="sm" onClick={cancel}>
        {text.cancel}
      </Button>
    </div>
  );
}
