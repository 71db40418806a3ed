'use client';

import type { VectorsView } from '@parapet/contracts/portal/adapters';
import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { Button } from '#components/button.tsx';
import { Card } from '#components/card.tsx';
import { Field, Textarea } from '#components/field.tsx';
import { ScrollArea } from '#components/scroll-area.tsx';
import { Notice, Skeleton } from '#components/states.tsx';
import { errorText } from '#lib/error-text.ts';
import { formatDecimal } from '#lib/format.ts';
import { useTRPCClient } from '#lib/trpc/client.tsx';
import { adapters } from '#text/en/adapters.ts';

const text = adapters.vectors;

/** |L − 1| of one prompt, per layer and module. */
export function VectorMap({ versionId }: { versionId: string }) {
  const client = useTRPCClient();
  const [prompt, setPrompt] = useState('');
  const vectors = useMutation({ mutationFn: () => client.adapters.vectors.query({ versionId, prompt }) });
  function submit(event: FormEvent) {
    event.preventDefault();
    vectors.mutate();
  }
  return (
    <div className="grid gap-5">
      <Card className="p-4 sm:p-5">
        <p className="mb-4 max-w-2xl text-[0.8125rem] text-muted">{text.text}</p>
        <form onSubmit={submit} className="grid gap-3">
          <Field label={text.prompt}>
            <Textarea
              value={prompt}
              onChange={(event) => setPrompt(event.target.value)}
              placeholder={text.placeholder}
              maxLength={16000}
              required
            />
          </Field>
          <div>
            <Button type="submit" variant="primary" pending={vectors.isPending}>
              {text.show}
            </Button>
          </div>
        </form>
      </Card>
      <div aria-live="polite" className="min-w-0">
        {vectors.error ? <Notice tone="danger">{errorText(vectors.error)}</Notice> : null}
        {vectors.isPending ? <Skeleton className="h-80" /> : null}
        {vectors.data ? <HeatMap vectors={vectors.data} /> : null}
      </div>
    </div>
  );
}

/** Layers across, modules down: thirty layers fit a screen, seven modules are few. */
function HeatMap({ vectors }: { vectors: VectorsView }) {
  const { linears, values, largest } = vectors;
  return (
    <Card className="p-4 sm:p-5">
      <ScrollArea className="overflow-x-auto" label={text.tableLabel}>
        <table
          className="w-full border-separate border-spacing-px text-xs sm:border-spacing-0.5"
          aria-label={text.tableLabel}
        >
          <thead>
            <tr>
              <th scope="col" className="pr-2 text-left font-normal text-faint">
                {text.layer}
              </th>
              {values.map((_, layer) => (
                <th key={layer} scope="col" className="min-w-2 font-normal text-faint tabular-nums sm:min-w-5">
                  {/* No width of its own: thirty layers fit a phone. */}
                  <span className={layer % 5 === 0 ? 'block w-0' : 'sr-only'}>{layer}</span>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {linears.map((linear, column) => (
              <tr key={linear}>
                <th scope="row" className="pr-3 text-left font-medium font-mono">
                  {linear}
                </th>
                {values.map((layer, index) => {
                  const value = layer[column] ?? 0;
                  const share = largest === 0 ? 0 : value / largest;
                  return (
                    <td
                      key={index}
                      title={text.cell(index, linear, formatDecimal(value, 4))}
                      className="h-8 rounded-[3px]"
                      style={{
                        background: `color-mix(in oklch, var(--accent) ${Math.round(share * 100)}%, var(--hover))`,
                      }}
                    >
                      <span className="sr-only">{formatDecimal(value, 4)}</span>
                    </td>
                  );
                })}
              </tr>
            ))}
          </tbody>
        </table>
      </ScrollArea>
      <div className="mt-4 flex items-center gap-2 text-faint text-xs">
        <span>0</span>
        <span
          aria-hidden="true"
          className="h-2 w-40 rounded-full"
          style={{ background: 'linear-gradient(to right, var(--hover), var(--accent))' }}
        />
        <span>{text.largest(formatDecimal(largest, 4))}</span>
      </div>
    </Card>
  );
}
