'use client';

import { Code } from 'lucide-react';
import { lazy, useState } from 'react';
import { Button } from '#components/button.tsx';
import { Segmented } from '#components/choice.tsx';
import { Dialog } from '#components/dialog.tsx';
import { Field, Select } from '#components/field.tsx';
import { playground as text } from '#text/en/playground.ts';
import { type ChatParameters, chatBody } from './chat-request.ts';
import type { CodeLanguage } from './code-samples.ts';

const CodeView = lazy(() => import('./code-view.tsx'));

/** What the playground does, as code to take away. */
export function CodeDialog({
  columns,
  parameters,
  strengthOf,
}: {
  columns: readonly string[];
  parameters: ChatParameters;
  strengthOf: (model: string) => number | null;
}) {
  const [open, setOpen] = useState(false);
  const [language, setLanguage] = useState<CodeLanguage>('curl');
  const [chosen, setChosen] = useState('');
  const model = columns.includes(chosen) ? chosen : (columns.at(-1) ?? '');
  const body = chatBody(model, parameters, open ? strengthOf(model) : null);
  return (
    <Dialog
      open={open}
      onOpenChange={setOpen}
      title={text.codeTitle}
      description={text.codeHint}
      wide
      trigger={
        <Button>
          <Code />
          {text.code}
        </Button>
      }
    >
      <div className="grid grid-cols-1 gap-4">
        <Field label={text.codeFor}>
          <Select value={model} onChange={(event) => setChosen(event.target.value)}>
            {columns.map((name) => (
              <option key={name} value={name}>
                {name}
              </option>
            ))}
          </Select>
        </Field>
        <Segmented
          className="justify-self-start"
          label={text.language}
          value={language}
          onChange={setLanguage}
          options={(['curl', 'python', 'typescript'] as const).map((value) => ({
            value,
            label: text.codeLanguages[value],
          }))}
        />
        <CodeView language={language} body={body} />
      </div>
    </Dialog>
  );
}
