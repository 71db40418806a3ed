'use client';

import { Sparkles } from 'lucide-react';
import { lazy, useState } from 'react';
import { Button } from '#components/button.tsx';
import { Dialog } from '#components/dialog.tsx';
import { samples as text } from '#text/en/samples.ts';

const SampleList = lazy(() => import('./sample-list.tsx'));

/** The data sets that ship with the platform. */
export function SampleDialog() {
  const [open, setOpen] = useState(false);
  return (
    <Dialog
      open={open}
      onOpenChange={setOpen}
      title={text.sampleTitle}
      description={text.sampleText}
      wide
      trigger={
        <Button>
          <Sparkles />
          {text.useSample}
        </Button>
      }
    >
      <SampleList onAdded={() => setOpen(false)} />
    </Dialog>
  );
}
