import type { ControlContext } from '@parapet/control/context';

interface ControlPage<T> {
  items: T[];
  nextCursor: string | null;
}

/** Most objects that are walked over to find the one a page begins after. */
const maxWalk = 20_000;
const stride = 200;

/**
 * A page of OpenAI's form (objects after the one of id `after`) from one of control's lists, which are paged by
 * cursors of their own.
 */
export async function pageAfter<T extends { id: string }>(
  list: (page: { cursor: string | undefined; limit: number }) => Promise<ControlPage<T>>,
  { after, limit }: { after?: string | undefined; limit: number },
): Promise<{ items: T[]; hasMore: boolean }> {
  const items: T[] = [];
  let started = after === undefined;
  let cursor: string | undefined;
  for (let walked = 0; walked < maxWalk; ) {
    const page = await list({ cursor, limit: Math.min(stride, started ? limit - items.length + 1 : stride) });
    walked += page.items.length;
    for (const item of page.items) {
      if (started) items.push(item);
      else if (item.id === after) started = true;
    }
    if (items.length > limit) return { items: items.slice(0, limit), hasMore: true };
    if (page.nextCursor === null) break;
    cursor = page.nextCursor;
  }
  return { items, hasMore: false };
}

/** The caller's organisation. Only verbs that need one come here, and they have refused who has none. */
export function organisationOf({ principal }: ControlContext): string {
  return principal.kind === 'system' ? '' : (principal.tenancy?.id ?? '');
}
