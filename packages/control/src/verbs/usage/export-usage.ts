import { usageInputSchema } from '@parapet/contracts/portal/usage';
import { currencyOf } from '../../context.ts';
import { csvFile } from '../../usage/csv.ts';
import { tenantQuery, usageColumns, usageLine, usageView } from '../../usage/usage-view.ts';
import { defineVerb } from '../../verb.ts';

/** The same as `usage.get`, as a CSV file. */
export const exportUsage = defineVerb('usage.export', usageInputSchema, ({ read, tenancy, services }, input) =>
  read(async (tx) => {
    const { rows } = await usageView(tx, tenantQuery(tenancy.id, input), currencyOf(services));
    const days = [input.from, input.to].map((at) => new Date(at).toISOString().slice(0, 10)).join('_');
    return csvFile(`usage-${tenancy.slug}-${days}`, rows.map(usageLine), usageColumns);
  }),
);
