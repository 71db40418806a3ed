'use client';

import { useSuspenseQuery } from '@tanstack/react-query';
import { Play, Plus, Square } from 'lucide-react';
import { type FormEvent, type KeyboardEvent, useRef, useState } from 'react';
import { Button } from '#components/button.tsx';
import { Card } from '#components/card.tsx';
import { Field, Textarea } from '#components/field.tsx';
import { Notice } from '#components/states.tsx';
import { cn } from '#lib/cn.ts';
import { useTRPC } from '#lib/trpc/client.tsx';
import { useUrlState } from '#lib/url-state.ts';
import { playground as text } from '#text/en/playground.ts';
import { AnswerColumn, type ColumnHandle } from './answer-column.tsx';
import type { ChatParameters } from './chat-request.ts';
import { CodeDialog } from './code-dialog.tsx';
import { type ParameterState, Parameters } from './parameters.tsx';
import { usePlaygroundModels } from './use-models.ts';

/** The base model and three adapters. */
const mostColumns = 4;

export function Playground() {
  const trpc = useTRPC();
  const { data: models } = useSuspenseQuery(trpc.models.list.queryOptions());
  const { columns, setColumns } = usePlaygroundModels(models);
  const [system, setSystem] = useState('');
  const [prompt, setPrompt] = useState('');
  const [settings, setSettings] = useState<ParameterState>({
    temperature: 0,
    maxTokens: 128,
    topP: 1,
    seed: null,
    logprobs: false,
  });
  const [busy, setBusy] = useState<Record<string, boolean>>({});
  const [showSystem, setShowSystem] = useUrlState('system', 'off');
  const handles = useRef(new Map<string, ColumnHandle>());
  const running = Object.values(busy).some(Boolean);
  const parameters: ChatParameters = { system, prompt, ...settings };

  function run(event?: FormEvent) {
    event?.preventDefault();
    if (prompt.trim() === '') return;
    for (const handle of handles.current.values()) handle.run(parameters, settings.logprobs);
  }

  function onKeyDown(event: KeyboardEvent) {
    if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    run();
  }

  const next = models.find((model) => !columns.includes(model.model));
  return (
    <div className="grid gap-5">
      <Card className="p-4 sm:p-5">
        <form onSubmit={run} className="grid gap-4">
          {showSystem === 'on' ? (
            <Field label={text.system}>
              <Textarea
                value={system}
                onChange={(event) => setSystem(event.target.value)}
                onKeyDown={onKeyDown}
                placeholder={text.systemPlaceholder}
                className="min-h-14!"
              />
            </Field>
          ) : null}
          <Field label={text.prompt}>
            <Textarea
              value={prompt}
              onChange={(event) => setPrompt(event.target.value)}
              onKeyDown={onKeyDown}
              placeholder={text.promptPlaceholder}
              className="min-h-28!"
              aria-keyshortcuts="Control+Enter"
            />
          </Field>
          <Parameters value={settings} onChange={setSettings} />
          <div className="flex flex-wrap items-center gap-2">
            {running ? (
              <Button
                variant="secondary"
                onClick={() => {
                  for (const handle of handles.current.values()) handle.stop();
                }}
              >
                <Square />
                {text.stop}
              </Button>
            ) : (
              <Button type="submit" variant="primary" disabled={prompt.trim() === '' || columns.length === 0}>
                <Play />
                {text.run}
              </Button>
            )}
            <span className="hidden text-faint text-xs sm:inline">{text.runHint}</span>
            <span className="flex flex-wrap gap-2 sm:ml-auto">
              <Button
                variant="ghost"
                aria-pressed={showSystem === 'on'}
                onClick={() => {
                  setShowSystem(showSystem === 'on' ? 'off' : 'on');
                  setSystem('');
                }}
              >
                {text.system}
              </Button>
              <CodeDialog
                columns={columns}
                parameters={parameters}
                strengthOf={(id) => handles.current.get(id)?.strength() ?? null}
              />
            </span>
          </div>
        </form>
      </Card>
      {models.length === 0 ? <Notice tone="warn">{text.noModels}</Notice> : null}
      <div
        className={cn(
          'grid gap-4',
          columns.length === 2 && 'md:grid-cols-2',
          columns.length === 3 && 'md:grid-cols-2 xl:grid-cols-3',
          columns.length >= 4 && 'md:grid-cols-2 2xl:grid-cols-4',
        )}
      >
        {columns.map((model, index) => (
          <AnswerColumn
            key={index}
            model={model}
            models={models}
            taken={columns}
            onModel={(to) => setColumns(columns.map((old, place) => (place === index ? to : old)))}
            onRemove={columns.length > 1 ? () => setColumns(columns.filter((_, place) => place !== index)) : undefined}
            onBusy={(now) => setBusy((before) => ({ ...before, [index]: now }))}
            register={(handle) => {
              if (handle) handles.current.set(model, handle);
              else handles.current.delete(model);
            }}
          />
        ))}
      </div>
      {next && columns.length < mostColumns ? (
        <div>
          <Button onClick={() => setColumns([...columns, next.model])}>
            <Plus />
            {text.addModel}
          </Button>
        </div>
      ) : null}
    </div>
  );
}
