import { Check } from 'lucide-react';
import type { ReactNode } from 'react';
import { Wordmark } from '#components/mark.tsx';
import { access } from '#text/en/access.ts';

export default function AccessLayout({ children }: { children: ReactNode }) {
  return (
    <div className="grid min-h-dvh lg:grid-cols-[minmax(0,1fr)_minmax(0,1fr)]">
      <main id="content" className="flex flex-col px-5 py-6 sm:px-10">
        <Wordmark />
        <div className="mx-auto my-auto w-full max-w-sm py-10">{children}</div>
      </main>
      <aside className="crenels relative hidden flex-col justify-end overflow-hidden border-line border-l bg-subtle p-12 lg:flex">
        <div className="relative max-w-md">
          <p className="text-balance font-semibold text-2xl leading-tight tracking-tight">{access.pitchTitle}</p>
          <ul className="mt-6 grid gap-3 text-muted">
            {access.pitch.map((line) => (
              <li key={line} className="flex gap-3">
                <Check className="mt-0.5 size-4 shrink-0 text-accent-text" aria-hidden="true" />
                {line}
              </li>
            ))}
          </ul>
        </div>
      </aside>
    </div>
  );
}
