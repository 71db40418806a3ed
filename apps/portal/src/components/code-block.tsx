import { cn } from '#lib/cn.ts';
import { CopyButton } from './copy.tsx';
import { ScrollArea } from './scroll-area.tsx';

/** Code or a secret to be copied; scrolls in itself. */
export function CodeBlock({ code, label, wrap }: { code: string; label: string; wrap?: boolean }) {
  return (
    <div className="relative rounded-lg border border-line bg-subtle">
      <ScrollArea label={label} className="overflow-x-auto rounded-lg">
        <pre className={cn('p-3 pr-11 font-mono text-xs leading-relaxed', wrap && 'whitespace-pre-wrap break-all')}>
          <code>{code}</code>
        </pre>
      </ScrollArea>
      <CopyButton value={code} label={label} className="absolute top-1.5 right-1.5 bg-subtle" />
    </div>
  );
}
