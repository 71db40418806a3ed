'use client';

import type { JobDetail } from '@parapet/contracts/portal/jobs';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { CirclePause, CirclePlay, Copy, Layers, MessageSquare, OctagonX } from 'lucide-react';
import Link from 'next/link';
import { useRouter } from 'next/navigation';
import { Button } from '#components/button.tsx';
import { Confirm } from '#components/confirm.tsx';
import { toast } from '#components/toast.tsx';
import { errorText } from '#lib/error-text.ts';
import { useMay } from '#lib/permissions.tsx';
import { useTRPC } from '#lib/trpc/client.tsx';
import { jobPage } from '#text/en/job-page.ts';

const text = jobPage.actions;

/** What can be done with the job in the state it is in. */
export function JobActions({ job }: { job: JobDetail }) {
  const trpc = useTRPC();
  const router = useRouter();
  const may = useMay('developer');
  const queryClient = useQueryClient();
  const reload = () => queryClient.invalidateQueries(trpc.jobs.pathFilter());
  const said = (message: string) => ({
    onSuccess: async () => {
      toast(message);
      await reload();
    },
    onError: (error: unknown) => toast(errorText(error), { tone: 'danger' as const }),
  });
  const pause = useMutation(trpc.jobs.pause.mutationOptions(said(text.paused)));
  const resume = useMutation(trpc.jobs.resume.mutationOptions(said(text.resumed)));
  const cancel = useMutation(trpc.jobs.cancel.mutationOptions());
  const clone = useMutation(trpc.jobs.clone.mutationOptions());
  const open = job.finishedAt === null;
  return (
    <>
      {job.fineTunedModel ? (
        <>
          <Button asChild variant="primary">
            <Link href={`/playground?models=base,${encodeURIComponent(job.fineTunedModel)}`}>
              <MessageSquare />
              {text.try}
            </Link>
          </Button>
          {job.adapterId ? (
            <Button asChild>
              <Link href={`/adapters/${job.adapterId}`}>
                <Layers />
                {text.useAdapter}
              </Link>
            </Button>
          ) : null}
        </>
      ) : null}
      {may && open && job.requested === null && job.status !== 'paused' ? (
        <Button pending={pause.isPending} onClick={() => pause.mutate({ jobId: job.id })}>
          <CirclePause />
          {text.pause}
        </Button>
      ) : null}
      {may && job.status === 'paused' ? (
        <Button variant="primary" pending={resume.isPending} onClick={() => resume.mutate({ jobId: job.id })}>
          <CirclePlay />
          {text.resume}
        </Button>
      ) : null}
      {may && open && job.requested !== 'cancel' ? (
        <Confirm
          trigger={
            <Button>
              <OctagonX />
              {text.cancel}
            </Button>
          }
          title={text.cancelTitle}
          action={text.cancel}
          onConfirm={async () => {
            await cancel.mutateAsync({ jobId: job.id });
            toast(text.cancelled);
            await reload();
          }}
        >
          {text.cancelText}
        </Confirm>
      ) : null}
      {may && !open ? (
        <Confirm
          trigger={
            <Button>
              <Copy />
              {text.clone}
            </Button>
          }
          title={text.cloneTitle}
          action={text.clone}
          undoable={text.cloneUndo}
          onConfirm={async () => {
            const next = await clone.mutateAsync({ jobId: job.id });
            toast(text.cloned);
            router.push(`/fine-tuning/${next.id}`);
            await reload();
          }}
        >
          {text.cloneText}
        </Confirm>
      ) : null}
    </>
  );
}
