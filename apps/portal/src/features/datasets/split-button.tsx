'use client';

import type { DatasetView } from '@parapet/contracts/portal/datasets';
import { Split } from 'lucide-react';
import { lazy, Suspense, useState } from 'react';
import { Button } from '#components/button.tsx';
import { useOnce } from '#components/use-once.ts';
import { datasets as text } from '#text/en/datasets.ts';

const SplitDialog = lazy(async () => ({ default: (await import('./split-dialog.tsx')).SplitDialog }));

/** Opens the dialog that splits the data set. Its code comes when it is first opened. */
export function SplitButton({ dataset }: { dataset: DatasetView }) {
  const [open, setOpen] = useState(false);
  const opened = useOnce(open);
  return (
    <>
      <Button aria-haspopup="dialog" aria-expanded={open} onClick={() => setOpen(true)}>
        <Split />
        {text.split}
      </Button>
      {opened ? (
        <Suspense>
          <SplitDialog dataset={dataset} open={open} onOpenChange={setOpen} />
        </Suspense>
      ) : null}
    </>
  );
}
