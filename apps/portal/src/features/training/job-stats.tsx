'use client';

import type { JobDetail } from '@parapet/contracts/portal/jobs';
import { useEffect, useState } from 'react';
import { Stat } from '#components/card.tsx';
import {
  formatBytes,
  formatCompact,
  formatDecimal,
  formatDeviceSeconds,
  formatDuration,
  formatInteger,
  formatPercent,
} from '#lib/format.ts';
import { jobPage } from '#text/en/job-page.ts';
import { recipeText } from '#text/en/recipe.ts';
import type { CurveStore } from './curve-store.ts';

const text = jobPage.live;

/** Numbers change at most this often: faster than can be read helps nobody. */
const refreshMs = 250;
/** And this often are they told to screen readers. */
const announceMs = 15_000;

export function JobStats({ job, curve }: { job: JobDetail; curve: CurveStore }) {
  const [, refresh] = useState(0);
  const [announced, announce] = useState('');
  useEffect(() => {
    let lastAnnounced = 0;
    return curve.subscribe(() => {
      refresh((count) => count + 1);
      const { latest } = curve;
      if (latest && Date.now() - lastAnnounced > announceMs) {
        lastAnnounced = Date.now();
        announce(
          text.summary(formatInteger(latest.step), formatInteger(latest.totalSteps), formatDecimal(latest.trainLoss)),
        );
      }
    }, refreshMs);
  }, [curve]);

  const { latest } = curve;
  const validation = curve.validation();
  const running = job.status === 'running';
  const step = Math.max(job.step, latest?.step ?? 0);
  const total = job.totalSteps ?? latest?.totalSteps ?? null;
  return (
    <>
      <p aria-live="polite" className="sr-only">
        {announced}
      </p>
      <dl className="grid grid-cols-2 gap-x-6 gap-y-5 sm:grid-cols-3 lg:grid-cols-6">
        <Stat
          label={text.stats.step}
          value={
            <>
              {formatInteger(step)}
              {total ? <span className="font-normal text-faint text-sm"> / {formatInteger(total)}</span> : null}
            </>
          }
          note={latest ? text.stats.epoch(formatDecimal(latest.epoch, 2)) : undefined}
        />
        <Stat
          label={text.stats.trainLoss}
          value={latest ? formatDecimal(latest.trainLoss) : '–'}
          note={latest ? text.stats.accuracy(formatPercent(latest.trainTokenAccuracy)) : undefined}
        />
        <Stat
          label={text.stats.validLoss}
          value={validation?.last.validLoss != null ? formatDecimal(validation.last.validLoss) : '–'}
          note={
            validation?.best.validLoss != null
              ? text.stats.best(formatDecimal(validation.best.validLoss), formatInteger(validation.best.step))
              : undefined
          }
        />
        <Stat
          label={text.stats.speed}
          value={latest ? text.stats.speedUnit(formatCompact(latest.tokensPerSecond)) : '–'}
          note={latest ? `${formatCompact(latest.trainedTokens)} ${recipeText.tokens.toLowerCase()}` : undefined}
        />
        <Stat
          label={text.stats.eta}
          value={running && latest ? formatDuration(latest.etaSeconds * 1000) : '–'}
          note={
            job.startedAt ? (
              <span suppressHydrationWarning>
                {(job.finishedAt ? text.stats.took : text.stats.elapsed)(
                  formatDuration((job.finishedAt ?? Date.now()) - job.startedAt),
                )}
              </span>
            ) : undefined
          }
        />
        <Stat
          label={text.stats.device}
          value={formatDeviceSeconds(job.deviceMicros)}
          note={latest?.memoryBytes ? text.stats.memory(formatBytes(latest.memoryBytes)) : undefined}
        />
      </dl>
    </>
  );
}
