import { adapterIdInputSchema } from '@parapet/contracts/portal/adapters';
import { requireAdapter } from '../../adapters/adapter-view.ts';
import { defineVerb } from '../../verb.ts';

export const getAdapter = defineVerb('adapters.get', adapterIdInputSchema, ({ read }, { adapterId }) =>
  read((tx) => requireAdapter(tx, adapterId)),
);
