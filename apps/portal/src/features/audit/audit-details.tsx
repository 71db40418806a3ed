'use client';

import type { AuditEntryView } from '@parapet/contracts/portal/audit';
import { FileDiff } from 'lucide-react';
import { useState } from 'react';
import { Button } from '#components/button.tsx';
import { CodeBlock } from '#components/code-block.tsx';
import { CopyableId } from '#components/copy.tsx';
import { Dialog } from '#components/dialog.tsx';
import { audit as text } from '#text/en/audit.ts';

/** What an entry changed, before and after. */
export function AuditDetails({ entry }: { entry: AuditEntryView }) {
  const [open, setOpen] = useState(false);
  return (
    <Dialog
      open={open}
      onOpenChange={setOpen}
      title={entry.action}
      wide
      trigger={
        <Button variant="ghost" size="iconSm" aria-label={text.show(entry.action)}>
          <FileDiff />
        </Button>
      }
    >
      <div className="grid gap-4 text-[0.8125rem]">
        {entry.before === null && entry.after === null ? <p className="text-muted">{text.noDetails}</p> : null}
        {(['before', 'after'] as const).map((which) =>
          entry[which] === null ? null : (
            <div key={which}>
              <h3 className="mb-1 font-medium">{text[which]}</h3>
              <CodeBlock label={text[which]} code={JSON.stringify(entry[which], null, 2)} />
            </div>
          ),
        )}
        <dl className="grid gap-2">
          <div className="flex flex-wrap gap-2">
            <dt className="text-faint">{text.digest}</dt>
            <dd className="min-w-0">
              <CopyableId id={entry.digest} />
            </dd>
          </div>
          {entry.requestId ? (
            <div className="flex flex-wrap gap-2">
              <dt className="text-faint">{text.request}</dt>
              <dd className="min-w-0">
                <CopyableId id={entry.requestId} />
              </dd>
            </div>
          ) : null}
        </dl>
      </div>
    </Dialog>
  );
}
