'use client';

import { Button } from '#components/button.tsx';
import { CodeBlock } from '#components/code-block.tsx';
import { DialogActions } from '#components/dialog.tsx';
import { keys as text } from '#text/en/keys.ts';

/** A secret in the one moment it can be read. */
export default function NewSecret({ secret, onDone }: { secret: string; onDone: () => void }) {
  const call = `curl ${window.location.origin}/v1/models -H "Authorization: Bearer ${secret}"`;
  return (
    <div className="grid gap-4">
      <CodeBlock code={secret} label={text.secret} wrap />
      <div>
        <p className="mb-1.5 text-[0.8125rem] text-muted">{text.tryIt}</p>
        <CodeBlock code={call} label={text.tryIt} wrap />
      </div>
      <DialogActions>
        <Button variant="primary" onClick={onDone}>
          {text.done}
        </Button>
      </DialogActions>
    </div>
  );
}
