'use client';

import type { ChatLogprobs } from '@parapet/contracts/openai-chat';
import { useCallback, useEffect, useRef, useState } from 'react';
import { useSession } from '#lib/permissions.tsx';
import { streamChat } from './stream-chat.ts';

export type Answer = {
  state: 'idle' | 'running' | 'done' | 'failed';
  text: string;
  logprobs: ChatLogprobs['content'];
  finish: 'stop' | 'length' | 'cancelled' | null;
  usage: { promptTokens: number; completionTokens: number } | null;
  firstTokenMs: number | null;
  totalMs: number | null;
  requestId: string | null;
  error: unknown;
};

const idle: Answer = {
  state: 'idle',
  text: '',
  logprobs: [],
  finish: null,
  usage: null,
  firstTokenMs: null,
  totalMs: null,
  requestId: null,
  error: null,
};

/** One column's answer: runs a request, keeps what has come of it, stops it. */
export function useAnswer() {
  const [answer, setAnswer] = useState<Answer>(idle);
  const running = useRef<AbortController | null>(null);
  const organisationId = useSession().organisation?.id ?? '';

  const stop = useCallback(() => running.current?.abort(), []);
  useEffect(() => stop, [stop]);

  const run = useCallback(
    async (body: Record<string, unknown>) => {
      running.current?.abort();
      const controller = new AbortController();
      running.current = controller;
      const began = performance.now();
      let now: Answer = { ...idle, state: 'running' };
      let scheduled = false;
      // Tokens can come faster than the screen: one render a frame.
      const show = () => {
        if (scheduled) return;
        scheduled = true;
        requestAnimationFrame(() => {
          scheduled = false;
          if (running.current === controller) setAnswer(now);
        });
      };
      setAnswer(now);
      try {
        for await (const update of streamChat(body, organisationId, controller.signal)) {
          now = {
            ...now,
            text: now.text + (update.text ?? ''),
            logprobs: update.logprobs ? [...now.logprobs, ...update.logprobs] : now.logprobs,
            finish: update.finish ?? now.finish,
            usage: update.usage ?? now.usage,
            requestId: update.requestId ?? now.requestId,
            firstTokenMs: now.firstTokenMs ?? (update.text ? performance.now() - began : null),
          };
          show();
        }
        now = { ...now, state: 'done' };
      } catch (error) {
        now = controller.signal.aborted
          ? { ...now, state: 'done', finish: 'cancelled' }
          : { ...now, state: 'failed', error };
      }
      now = { ...now, totalMs: performance.now() - began };
      if (running.current === controller) setAnswer(now);
    },
    [organisationId],
  );
  return { answer, run, stop };
}
