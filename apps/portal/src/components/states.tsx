'use client';

import { QueryErrorResetBoundary } from '@tanstack/react-query';
import { type LucideIcon, TriangleAlert } from 'lucide-react';
import { Component, type ReactNode, Suspense, useSyncExternalStore } from 'react';
import { cn } from '#lib/cn.ts';
import { errorText } from '#lib/error-text.ts';
import { common } from '#text/en/common.ts';
import { Button } from './button.tsx';

export function Skeleton({ className }: { className?: string }) {
  return <div aria-hidden="true" className={cn('animate-pulse rounded-md bg-hover', className)} />;
}

/** What stands where a list will be. */
export function ListSkeleton({ rows = 6 }: { rows?: number }) {
  return (
    <div role="status" className="rounded-xl border border-line bg-surface p-4">
      <span className="sr-only">{common.loading}</span>
      <div className="mb-4 flex gap-3">
        <Skeleton className="h-8 w-56" />
        <Skeleton className="ml-auto h-8 w-24" />
      </div>
      <div className="grid gap-3">
        {Array.from({ length: rows }, (_, row) => (
          <Skeleton key={row} className="h-6" />
        ))}
      </div>
    </div>
  );
}

/** Nothing here yet: what would be here, and how to get the first one. */
export function EmptyState({
  icon: Icon,
  title,
  children,
  action,
}: {
  icon: LucideIcon;
  title: string;
  children?: ReactNode;
  action?: ReactNode;
}) {
  return (
    <div className="flex flex-col items-center px-6 py-14 text-center">
      <div className="mb-4 grid size-11 place-items-center rounded-xl border border-line bg-subtle text-accent-text">
        <Icon className="size-5" aria-hidden="true" />
      </div>
      <p className="font-semibold">{title}</p>
      {children ? <div className="mt-1 max-w-md text-[0.8125rem] text-muted">{children}</div> : null}
      {action ? <div className="mt-5 flex flex-wrap justify-center gap-2">{action}</div> : null}
    </div>
  );
}

export function ErrorState({ error, retry }: { error: unknown; retry?: () => void }) {
  return (
    <div role="alert" className="flex flex-col items-center px-6 py-12 text-center">
      <TriangleAlert className="mb-3 size-6 text-danger-text" aria-hidden="true" />
      <p className="font-semibold">{common.failedToLoad}</p>
      <p className="mt-1 max-w-md text-[0.8125rem] text-muted">{errorText(error)}</p>
      {retry ? (
        <Button className="mt-5" onClick={retry}>
          {common.tryAgain}
        </Button>
      ) : null}
    </div>
  );
}

type BoundaryProps = { reset: () => void; children: ReactNode };

class ErrorBoundary extends Component<BoundaryProps, { error: unknown }> {
  override state: { error: unknown } = { error: null };

  static getDerivedStateFromError(error: unknown): { error: unknown } {
    return { error };
  }

  override render(): ReactNode {
    if (this.state.error === null) return this.props.children;
    const retry = () => {
      this.props.reset();
      this.setState({ error: null });
    };
    return (
      <div className="rounded-xl border border-line bg-surface">
        <ErrorState error={this.state.error} retry={retry} />
      </div>
    );
  }
}

const never = () => () => {};

/**
 * Below it queries may suspend and fail: it shows the placeholder, then the content or the error with a way back.
 * `browserOnly`: for what the server did not prefetch; it renders the placeholder and leaves the asking to the browser.
 */
export function QueryBoundary({
  fallback = <ListSkeleton />,
  browserOnly = false,
  children,
}: {
  fallback?: ReactNode;
  browserOnly?: boolean;
  children: ReactNode;
}) {
  const inBrowser = useSyncExternalStore(
    never,
    () => true,
    () => false,
  );
  if (browserOnly && !inBrowser) return <>{fallback}</>;
  return (
    <QueryErrorResetBoundary>
      {({ reset }) => (
        <ErrorBoundary reset={reset}>
          <Suspense fallback={fallback}>{children}</Suspense>
        </ErrorBoundary>
      )}
    </QueryErrorResetBoundary>
  );
}

/** A sentence of note above or within content. */
export function Notice({
  tone = 'neutral',
  icon: Icon,
  title,
  children,
  className,
}: {
  tone?: 'neutral' | 'ok' | 'warn' | 'danger' | 'accent';
  icon?: LucideIcon;
  title?: ReactNode;
  children?: ReactNode;
  className?: string;
}) {
  const tones = {
    neutral: 'border-line bg-subtle text-muted',
    accent: 'border-accent/30 bg-accent-soft text-accent-text',
    ok: 'border-ok/30 bg-ok-soft text-ok-text',
    warn: 'border-warn/40 bg-warn-soft text-warn-text',
    danger: 'border-danger/30 bg-danger-soft text-danger-text',
  };
  return (
    <div className={cn('flex gap-2.5 rounded-lg border px-3 py-2.5 text-[0.8125rem]', tones[tone], className)}>
      {Icon ? <Icon className="mt-0.5 size-4 shrink-0" aria-hidden="true" /> : null}
      <div className="min-w-0 flex-1">
        {title ? <p className="font-semibold">{title}</p> : null}
        {children ? <div className="[overflow-wrap:anywhere]">{children}</div> : null}
      </div>
    </div>
  );
}
