import { usageInputSchema } from '@parapet/contracts/portal/usage';
import { currencyOf } from '../../context.ts';
import { tenantQuery, usageView } from '../../usage/usage-view.ts';
import { defineVerb } from '../../verb.ts';

/** The organisation's usage over time, from the rollups. */
export const getUsage = defineVerb('usage.get', usageInputSchema, ({ read, tenancy, services }, input) =>
  read((tx) => usageView(tx, tenantQuery(tenancy.id, input), currencyOf(services))),
);
