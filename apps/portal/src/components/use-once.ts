'use client';

import { useState } from 'react';

/** Whether `now` has ever been true. */
export function useOnce(now: boolean): boolean {
  const [ever, setEver] = useState(now);
  if (now && !ever) setEver(true);
  return ever || now;
}
