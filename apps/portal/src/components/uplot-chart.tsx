'use client';

import { useTheme } from 'next-themes';
import { type RefObject, useEffect, useRef } from 'react';
import type UPlot from 'uplot';

/** The page's colours as they are now: a canvas knows nothing of CSS variables. */
export function themeColour(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

/**
 * A uPlot chart that fills its box: loaded when it is first shown, redrawn in the colours of the theme, resized with
 * the box. `options` is asked for anew whenever the theme or `redrawKey` changes.
 */
export function UplotChart({
  options,
  data,
  chart,
  label,
  redrawKey = '',
  className,
}: {
  options: () => Omit<UPlot.Options, 'width' | 'height'>;
  data: () => UPlot.AlignedData;
  /** Gets the chart, for feeding it while it runs. */
  chart?: RefObject<UPlot | null>;
  label: string;
  redrawKey?: string;
  className?: string;
}) {
  const box = useRef<HTMLDivElement>(null);
  const { resolvedTheme } = useTheme();
  const latest = useRef({ options, data });
  latest.current = { options, data };

  useEffect(() => {
    const element = box.current;
    if (!element) return;
    let plot: UPlot | null = null;
    let observer: ResizeObserver | null = null;
    let gone = false;
    import('uplot').then(({ default: Plot }) => {
      if (gone) return;
      const size = () => ({ width: Math.max(120, element.clientWidth), height: Math.max(120, element.clientHeight) });
      plot = new Plot({ ...latest.current.options(), ...size() }, latest.current.data(), element);
      if (chart) chart.current = plot;
      observer = new ResizeObserver(() => plot?.setSize(size()));
      observer.observe(element);
    });
    return () => {
      gone = true;
      observer?.disconnect();
      plot?.destroy();
      if (chart) chart.current = null;
    };
  }, [resolvedTheme, redrawKey, chart]);

  return (
    <div className={className} role="img" aria-label={label}>
      <div ref={box} className="size-full overflow-hidden" />
    </div>
  );
}
