'use client';

import { lazy, Suspense, useEffect, useState } from 'react';
import { Button } from '#components/button.tsx';
import { Progress } from '#components/meter.tsx';
import { formatBytes, formatInteger } from '#lib/format.ts';
import { datasets as text } from '#text/en/datasets.ts';
import type { FileCheck } from './check-file.ts';

const ProblemTable = lazy(async () => ({ default: (await import('./problem-table.tsx')).ProblemTable }));

/** Lines of JSON can be looked through as they are sent; tables are the gateway's to read. */
const isLines = (file: File) => /\.jsonl?$/i.test(file.name);

/** A file on its way: how far it is, and what is wrong with it as far as it was looked through. */
export function Sending({ file, sent, onStop }: { file: File; sent: number; onStop: () => void }) {
  const [found, setFound] = useState<FileCheck | null>(null);
  useEffect(() => {
    if (!isLines(file)) return;
    const stop = new AbortController();
    import('./check-file.ts')
      .then(({ checkFile }) => checkFile(file.stream(), setFound, stop.signal))
      // The gateway reads the file as well, and has the last word.
      .catch(() => setFound(null));
    return () => stop.abort();
  }, [file]);
  const faults = found?.total ?? 0;
  return (
    <>
      <div className="mx-auto max-w-md">
        <p className="mb-2 flex items-baseline justify-between gap-4 text-[0.8125rem]" aria-live="polite">
          <span className="min-w-0 truncate font-medium">
            {sent < file.size ? text.uploading(file.name) : text.checking(file.name)}
          </span>
          <span aria-hidden="true" className="whitespace-nowrap text-faint tabular-nums">
            {text.progress(formatBytes(sent), formatBytes(file.size))}
          </span>
        </p>
        <Progress label={text.uploading(file.name)} value={file.size === 0 ? null : sent / file.size} />
        <div className="mt-2 flex items-center justify-between gap-3 text-xs">
          <span className="text-faint tabular-nums">{found ? text.linesRead(formatInteger(found.lines)) : null}</span>
          <span role="status" className={faults > 0 ? 'font-medium text-danger-text tabular-nums' : 'text-ok-text'}>
            {faults > 0 ? text.faultsSoFar(formatInteger(faults)) : found?.done ? text.noFaults : null}
          </span>
        </div>
        <div className="mt-3 text-center">
          <Button size="sm" variant="ghost" onClick={onStop}>
            {text.stopUpload}
          </Button>
        </div>
      </div>
      {found && faults > 0 ? (
        <div className="mt-4 overflow-hidden rounded-lg border border-danger/40 bg-surface">
          <Suspense>
            <ProblemTable problems={found.problems} total={faults} />
          </Suspense>
        </div>
      ) : null}
    </>
  );
}
