'use client';

import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { useTRPC } from '#lib/trpc/client.tsx';
import { type FormChoices, toJobChoices } from './choices.ts';

/** What the job would take, asked again a moment after the last change. */
export function useEstimate(form: FormChoices) {
  const trpc = useTRPC();
  const wanted = JSON.stringify(toJobChoices(form));
  const [settled, setSettled] = useState(wanted);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(wanted), 300);
    return () => clearTimeout(timer);
  }, [wanted]);
  const choices = JSON.parse(settled) as ReturnType<typeof toJobChoices>;
  return useQuery(
    trpc.jobs.estimate.queryOptions(choices, {
      enabled: choices.trainingFileId !== '',
      placeholderData: keepPreviousData,
      retry: false,
    }),
  );
}
