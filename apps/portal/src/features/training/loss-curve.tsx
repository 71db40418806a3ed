'use client';

import { useEffect, useRef, useState, useSyncExternalStore } from 'react';
import type UPlot from 'uplot';
import { Switch } from '#components/choice.tsx';
import { themeColour, UplotChart } from '#components/uplot-chart.tsx';
import { cn } from '#lib/cn.ts';
import { formatDecimal, formatInteger } from '#lib/format.ts';
import { useUrlState } from '#lib/url-state.ts';
import { jobPage } from '#text/en/job-page.ts';
import type { CurveStore } from './curve-store.ts';

const text = jobPage.live;

/** Numbers beside the curve change at most this often: the frame's time is the drawing's. */
const refreshMs = 250;

/** Training and validation loss over steps. New points are drawn at most once a frame. */
export function LossCurve({ store }: { store: CurveStore }) {
  const chart = useRef<UPlot>(null);
  const [scale, setScale] = useUrlState('scale', 'linear');
  const [hover, setHover] = useState<number | null>(null);
  const length = useSyncExternalStore(
    (listener) => store.subscribe(listener, refreshMs),
    () => store.length,
    () => store.length,
  );

  useEffect(() => {
    let frame = 0;
    const draw = () => {
      frame = 0;
      chart.current?.setData(store.columns());
    };
    const stop = store.subscribe(() => {
      if (frame === 0) frame = requestAnimationFrame(draw);
    });
    return () => {
      stop();
      cancelAnimationFrame(frame);
    };
  }, [store]);

  const [steps, train, , valid] = store.columns();
  const at = hover !== null && hover < steps.length ? hover : steps.length - 1;
  const validation = store.validation();
  const shownValid = hover === null ? (validation?.last.validLoss ?? null) : (valid[at] ?? null);

  return (
    <div>
      <div className="mb-3 flex flex-wrap items-center gap-x-5 gap-y-2 text-xs">
        <Key colour="bg-series-1" name={text.train} value={train[at] ?? null} />
        <Key colour="bg-series-2" name={text.valid} value={shownValid} />
        <span className="text-faint tabular-nums">{steps[at] ? text.atStep(formatInteger(steps[at])) : ''}</span>
        <span className="ml-auto">
          <Switch
            label={text.logScale}
            checked={scale === 'log'}
            onChange={(log) => setScale(log ? 'log' : 'linear')}
          />
        </span>
      </div>
      <div className="relative h-72">
        {length === 0 ? (
          <p className="absolute inset-0 grid place-items-center text-[0.8125rem] text-faint">{text.waiting}</p>
        ) : null}
        <UplotChart
          className={cn('size-full', length === 0 && 'invisible')}
          chart={chart}
          redrawKey={scale}
          data={() => store.columns()}
          label={text.curveLabel(
            formatInteger(length),
            formatDecimal(train.at(-1) ?? 0),
            validation?.last.validLoss ? formatDecimal(validation.last.validLoss) : null,
          )}
          options={() => curveOptions(scale === 'log', setHover)}
        />
      </div>
    </div>
  );
}

function Key({ colour, name, value }: { colour: string; name: string; value: number | null }) {
  return (
    <span className="inline-flex items-center gap-1.5">
      <span aria-hidden="true" className={`h-0.5 w-3.5 rounded-full ${colour}`} />
      <span className="text-muted">{name}</span>
      <span className="min-w-10 font-medium tabular-nums">{value === null ? '–' : formatDecimal(value)}</span>
    </span>
  );
}

export function curveAxes(): UPlot.Axis[] {
  const axis = {
    stroke: themeColour('faint'),
    font: '11px "Inter Variable", sans-serif',
    grid: { stroke: themeColour('line'), width: 1 },
    ticks: { show: false },
  };
  return [
    {
      ...axis,
      grid: { show: false },
      size: 28,
      values: (_plot, values) => values.map((value) => (Number.isInteger(value) ? formatInteger(value) : '')),
    },
    {
      ...axis,
      size: 44,
      values: (_plot, values) => values.map((value) => (value === null ? '' : String(Number(value.toPrecision(3))))),
    },
  ];
}

function curveOptions(log: boolean, onHover: (index: number | null) => void): Omit<UPlot.Options, 'width' | 'height'> {
  const train = themeColour('series-1');
  const valid = themeColour('series-2');
  return {
    padding: [8, 8, 0, 0],
    legend: { show: false },
    cursor: { y: false, points: { size: 7 }, drag: { x: true, y: false } },
    scales: {
      x: { time: false },
      y: log ? { distr: 3 } : { range: (_plot, min, max) => [Math.min(0, min), max * 1.05 || 1] },
    },
    axes: curveAxes(),
    series: [
      {},
      { stroke: `color-mix(in oklch, ${train} 35%, transparent)`, width: 1, points: { show: false } },
      { stroke: train, width: 2, points: { show: false } },
      { stroke: valid, width: 2, spanGaps: true, points: { show: true, size: 5, fill: valid } },
    ],
    hooks: { setCursor: [(plot) => onHover(plot.cursor.idx ?? null)] },
  };
}
