'use client';

import { useMay } from '#lib/permissions.tsx';
import { CreateKey } from './create-key.tsx';

/** The page's button, for who may. */
export function CreateKeyAction() {
  return useMay('developer') ? <CreateKey /> : null;
}
