'use client';

import { useLayoutEffect } from 'react';
import { ListSkeleton } from '#components/states.tsx';

/** Sends a visitor whose session is over to the sign-in page, and back here afterwards. */
export function ToSignIn() {
  useLayoutEffect(() => {
    const { pathname, search } = window.location;
    const next = pathname === '/' && search === '' ? '' : `?next=${encodeURIComponent(pathname + search)}`;
    window.location.replace(`/sign-in${next}`);
  }, []);
  return (
    <div className="mx-auto max-w-3xl p-8">
      <ListSkeleton />
    </div>
  );
}
