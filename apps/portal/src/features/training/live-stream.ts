import type { JobLiveItem } from '@parapet/contracts/portal/jobs';

export type LiveState = 'connecting' | 'live' | 'lost' | 'ended';

/** Waits after failures, in milliseconds; the last one stays. */
const waits = [500, 1000, 2000, 5000];

/**
 * Follows jobs.live over server-sent events, as tRPC writes them. What was seen last is remembered by its id: after a
 * break (sleep, a gateway that restarts) it goes on right behind it, whether the browser or this reconnects.
 * @returns what stops it.
 */
export function followJob(
  jobId: string,
  onItem: (item: JobLiveItem) => void,
  onState: (state: LiveState) => void,
): () => void {
  let source: EventSource | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let lastEventId: string | null = null;
  let failures = 0;

  function open() {
    const input = encodeURIComponent(JSON.stringify({ jobId, lastEventId }));
    source = new EventSource(`/trpc/jobs.live?input=${input}`);
    source.onopen = () => {
      failures = 0;
      onState('live');
    };
    source.onmessage = (event: MessageEvent<string>) => {
      if (event.lastEventId !== '') lastEventId = event.lastEventId;
      onItem(JSON.parse(event.data) as JobLiveItem);
    };
    source.addEventListener('return', () => {
      source?.close();
      onState('ended');
    });
    source.addEventListener('serialized-error', retry);
    source.onerror = () => {
      onState('lost');
      // The browser tries again by itself after a cut, but not after an answer that is no stream.
      if (source?.readyState === EventSource.CLOSED) retry();
    };
  }

  function retry() {
    source?.close();
    onState('lost');
    timer = setTimeout(open, waits[Math.min(failures, waits.length - 1)]);
    failures += 1;
  }

  open();
  return () => {
    clearTimeout(timer);
    source?.close();
  };
}
