'use client';

import { useQueryClient } from '@tanstack/react-query';
import { CircleCheck, FileUp } from 'lucide-react';
import Link from 'next/link';
import { type DragEvent, lazy, Suspense, useRef, useState } from 'react';
import { Button } from '#components/button.tsx';
import { Notice } from '#components/states.tsx';
import { cn } from '#lib/cn.ts';
import { errorText } from '#lib/error-text.ts';
import { useTRPC } from '#lib/trpc/client.tsx';
import { datasets as text } from '#text/en/datasets.ts';
import { Sending } from './sending.tsx';
import { TrainingFileRefused, type Uploaded, upload } from './upload.ts';

const ProblemTable = lazy(async () => ({ default: (await import('./problem-table.tsx')).ProblemTable }));

const maxBytes = 512 * 1024 * 1024;

type State =
  | { kind: 'idle' }
  | { kind: 'sending'; file: File; sent: number }
  | { kind: 'done'; file: Uploaded }
  | { kind: 'failed'; name: string; error: unknown };

/** Takes a file by dropping or choosing, shows how far it is, and what was wrong with it. */
export function UploadZone() {
  const [state, setState] = useState<State>({ kind: 'idle' });
  const [over, setOver] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  const abort = useRef<AbortController>(null);
  const queryClient = useQueryClient();
  const trpc = useTRPC();

  async function take(file: File | undefined) {
    if (!file) return;
    if (file.size > maxBytes) {
      setState({ kind: 'failed', name: file.name, error: new TrainingFileRefused(text.tooLarge, [], 0) });
      return;
    }
    abort.current = new AbortController();
    setState({ kind: 'sending', file, sent: 0 });
    try {
      const done = await upload(file, (sent) => setState({ kind: 'sending', file, sent }), abort.current.signal);
      setState({ kind: 'done', file: done });
      await queryClient.invalidateQueries(trpc.datasets.pathFilter());
    } catch (error) {
      if (error instanceof DOMException) setState({ kind: 'idle' });
      else setState({ kind: 'failed', name: file.name, error });
    }
  }

  function drop(event: DragEvent) {
    event.preventDefault();
    setOver(false);
    void take(event.dataTransfer.files[0]);
  }

  const sending = state.kind === 'sending' ? state : null;
  return (
    <div className="mb-6 grid gap-3">
      {/* biome-ignore lint/a11y/noStaticElementInteractions: dropping is an extra for the mouse; the button does the same */}
      <div
        onDragOver={(event) => {
          event.preventDefault();
          setOver(true);
        }}
        onDragLeave={() => setOver(false)}
        onDrop={drop}
        className={cn(
          'rounded-xl border border-dashed px-5 py-6 transition-colors',
          over ? 'border-accent bg-accent-soft' : 'border-line-strong/60 bg-surface',
        )}
      >
        {sending ? (
          <Sending file={sending.file} sent={sending.sent} onStop={() => abort.current?.abort()} />
        ) : (
          <div className="flex flex-col items-center gap-3 text-center sm:flex-row sm:text-left">
            <span className="grid size-10 shrink-0 place-items-center rounded-lg bg-subtle text-accent-text">
              <FileUp className="size-5" aria-hidden="true" />
            </span>
            <div className="min-w-0 flex-1">
              <p className="font-medium">{text.dropTitle}</p>
              <p className="text-[0.8125rem] text-faint">{text.dropHint}</p>
            </div>
            <Button variant="primary" onClick={() => input.current?.click()}>
              {text.choose}
            </Button>
            <input
              ref={input}
              type="file"
              className="sr-only"
              tabIndex={-1}
              // The button beside it is what people reach.
              aria-hidden="true"
              aria-label={text.choose}
              accept=".jsonl,.json,.csv,.parquet"
              onChange={(event) => {
                void take(event.target.files?.[0]);
                event.target.value = '';
              }}
            />
          </div>
        )}
      </div>
      <div aria-live="polite">
        {state.kind === 'done' ? (
          <Notice tone="ok" icon={CircleCheck}>
            {text.uploaded(state.file.filename)}{' '}
            <Link className="font-medium underline underline-offset-2" href={`/datasets/${state.file.id}`}>
              {state.file.filename}
            </Link>
          </Notice>
        ) : null}
        {state.kind === 'failed' ? <Refusal name={state.name} error={state.error} /> : null}
      </div>
    </div>
  );
}

function Refusal({ name, error }: { name: string; error: unknown }) {
  if (!(error instanceof TrainingFileRefused)) {
    return (
      <Notice tone="danger" title={text.refusedTitle(name)}>
        {errorText(error)}
      </Notice>
    );
  }
  return (
    <div className="overflow-hidden rounded-xl border border-danger/40 bg-surface" data-testid="refusal">
      <Notice tone="danger" title={text.refusedTitle(name)} className="rounded-none border-0">
        {error.message} {error.problems.length > 0 ? text.refusedText : null}
      </Notice>
      <Suspense>
        {error.problems.length > 0 ? <ProblemTable problems={error.problems} total={error.total} /> : null}
      </Suspense>
    </div>
  );
}
