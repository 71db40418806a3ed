'use client';

import { Check, Copy as CopyIcon } from 'lucide-react';
import { useEffect, useState } from 'react';
import { cn } from '#lib/cn.ts';
import { shorten } from '#lib/format.ts';
import { common } from '#text/en/common.ts';
import { Button } from './button.tsx';

function useCopy(): [boolean, (value: string) => Promise<void>] {
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), 1600);
    return () => clearTimeout(timer);
  }, [copied]);
  async function copy(value: string) {
    if (navigator.clipboard) await navigator.clipboard.writeText(value);
    else copyWithSelection(value);
    setCopied(true);
  }
  return [copied, copy];
}

/** Over plain HTTP from another machine browsers give no clipboard; a selected text area still copies. */
function copyWithSelection(value: string): void {
  const area = document.createElement('textarea');
  area.value = value;
  area.style.position = 'fixed';
  area.style.opacity = '0';
  document.body.append(area);
  area.select();
  document.execCommand('copy');
  area.remove();
}

export function CopyButton({ value, label, className }: { value: string; label: string; className?: string }) {
  const [copied, copy] = useCopy();
  return (
    <Button
      variant="ghost"
      size="iconSm"
      className={className}
      aria-label={common.copyNamed(label)}
      onClick={() => copy(value)}
    >
      {copied ? <Check className="text-ok-text" /> : <CopyIcon />}
      <span role="status" className="sr-only">
        {copied ? common.copied : ''}
      </span>
    </Button>
  );
}

/** An id in monospace; a click copies the whole of it however short it is shown. */
export function CopyableId({ id, full, className }: { id: string; full?: boolean; className?: string }) {
  const [copied, copy] = useCopy();
  const shown = full ? id : shorten(id);
  return (
    <button
      type="button"
      title={id}
      // The name holds what is seen, so that speaking it presses the button; the title has the whole.
      aria-label={common.copyNamed(shown)}
      onClick={() => copy(id)}
      className={cn(
        'group/id relative inline-flex min-h-6 max-w-full items-center rounded font-mono text-faint text-xs hover:text-ink',
        className,
      )}
    >
      <span className="truncate">{shown}</span>
      {copied ? (
        <Check className="absolute left-full ml-1 size-3 text-ok-text" aria-hidden="true" />
      ) : (
        <CopyIcon
          className="absolute left-full ml-1 size-3 opacity-0 group-hover/id:opacity-100 group-focus-visible/id:opacity-100"
          aria-hidden="true"
        />
      )}
      <span role="status" className="sr-only">
        {copied ? common.copied : ''}
      </span>
    </button>
  );
}
