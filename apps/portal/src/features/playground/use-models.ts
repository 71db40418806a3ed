'use client';

import type { CallableModel } from '@parapet/contracts/portal/playground';
import { useUrlState } from '#lib/url-state.ts';

/**
 * The models beside each other, in the address. `base` stands for the default base model; without a choice it is the
 * base model and the newest adapter.
 */
export function usePlaygroundModels(models: readonly CallableModel[]) {
  const [chosen, setChosen] = useUrlState('models');
  const base = models.find((model) => model.kind === 'base');
  const adapter = models.find((model) => model.kind === 'adapter');
  const wanted =
    chosen === ''
      ? [base?.model, adapter?.model]
      : chosen.split(',').map((name) => (name === 'base' ? base?.model : name));
  const columns = [...new Set(wanted)]
    .filter((name): name is string => name !== undefined && models.some((model) => model.model === name))
    .slice(0, 4);
  return { columns, setColumns: (next: string[]) => setChosen(next.join(',')) };
}
