'use client';

import { CircleCheck, TriangleAlert, X } from 'lucide-react';
import { useEffect, useState, useSyncExternalStore } from 'react';
import { common } from '#text/en/common.ts';
import { Button } from './button.tsx';

type Toast = { id: number; tone: 'ok' | 'danger'; message: string; action?: { label: string; run: () => void } };

const shownMs = 6000;
let toasts: readonly Toast[] = [];
let lastId = 0;
const listeners = new Set<() => void>();
const none: readonly Toast[] = [];

function set(next: readonly Toast[]) {
  toasts = next;
  for (const listener of listeners) listener();
}

/** Says what happened, politely; with an action it can be taken back. At most four stand at once. */
export function toast(message: string, options: { tone?: Toast['tone']; action?: Toast['action'] } = {}): void {
  lastId += 1;
  set([...toasts.slice(-3), { id: lastId, tone: options.tone ?? 'ok', message, action: options.action }]);
}

const dismiss = (id: number) => set(toasts.filter((entry) => entry.id !== id));

function subscribe(listener: () => void) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** The region is there before anything is said in it: only then do screen readers tell of it. */
export function Toaster() {
  const shown = useSyncExternalStore(
    subscribe,
    () => toasts,
    () => none,
  );
  return (
    <section
      aria-label={common.notifications}
      aria-live="polite"
      className="pointer-events-none fixed right-0 bottom-0 z-60 grid w-full max-w-sm gap-2 p-4"
    >
      {shown.map((entry) => (
        <ToastCard key={entry.id} entry={entry} />
      ))}
    </section>
  );
}

/** Goes by itself, but not while it is pointed at or has the focus. */
function ToastCard({ entry }: { entry: Toast }) {
  const [held, setHeld] = useState(false);
  useEffect(() => {
    if (held) return;
    const timer = setTimeout(() => dismiss(entry.id), shownMs);
    return () => clearTimeout(timer);
  }, [held, entry.id]);
  const Icon = entry.tone === 'ok' ? CircleCheck : TriangleAlert;
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: only keeps the message while it is read
    <div
      onPointerEnter={() => setHeld(true)}
      onPointerLeave={() => setHeld(false)}
      onFocus={() => setHeld(true)}
      onBlur={() => setHeld(false)}
      className="pointer-events-auto flex animate-rise items-center gap-2.5 rounded-lg border border-line bg-surface py-2 pr-2 pl-3 text-[0.8125rem] shadow-float"
    >
      <Icon
        className={entry.tone === 'ok' ? 'size-4 shrink-0 text-ok-text' : 'size-4 shrink-0 text-danger-text'}
        aria-hidden="true"
      />
      <p className="min-w-0 flex-1 [overflow-wrap:anywhere]">{entry.message}</p>
      {entry.action ? (
        <Button
          size="sm"
          onClick={() => {
            entry.action?.run();
            dismiss(entry.id);
          }}
        >
          {entry.action.label}
        </Button>
      ) : null}
      <Button variant="ghost" size="iconSm" aria-label={common.dismiss} onClick={() => dismiss(entry.id)}>
        <X />
      </Button>
    </div>
  );
}
