'use client';

import { CircleCheck, TriangleAlert, X } from 'lucide-react';
import { Toast as Primitive } from 'radix-ui';
import { useSyncExternalStore } from 'react';
import { common } from '#text/en/common.ts';
import { Button } from './button.tsx';

type Toast = { id: number; tone: 'ok' | 'danger'; message: string; action?: { label: string; run: () => void } };

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

export function Toaster() {
  const shown = useSyncExternalStore(
    subscribe,
    () => toasts,
    () => none,
  );
  return (
    <Primitive.Provider swipeDirection="right" duration={6000} label={common.notifications}>
      {shown.map((entry) => (
        <Primitive.Root
          key={entry.id}
          onOpenChange={(open) => {
            if (!open) dismiss(entry.id);
          }}
          className="flex animate-rise items-center gap-2.5 rounded-lg border border-line bg-surface py-2 pr-2 pl-3 text-[0.8125rem] shadow-float"
        >
          {entry.tone === 'ok' ? (
            <CircleCheck className="size-4 shrink-0 text-ok-text" aria-hidden="true" />
          ) : (
            <TriangleAlert className="size-4 shrink-0 text-danger-text" aria-hidden="true" />
          )}
          <Primitive.Description className="min-w-0 flex-1 [overflow-wrap:anywhere]">
            {entry.message}
          </Primitive.Description>
          {entry.action ? (
            <Primitive.Action asChild altText={entry.action.label}>
              <Button size="sm" onClick={entry.action.run}>
                {entry.action.label}
              </Button>
            </Primitive.Action>
          ) : null}
          <Primitive.Close asChild>
            <Button variant="ghost" size="iconSm" aria-label={common.dismiss}>
              <X />
            </Button>
          </Primitive.Close>
        </Primitive.Root>
      ))}
      <Primitive.Viewport className="fixed right-0 bottom-0 z-60 grid w-full max-w-sm gap-2 p-4" />
    </Primitive.Provider>
  );
}
