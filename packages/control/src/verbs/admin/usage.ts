import { adminUsageInputSchema } from '@parapet/contracts/portal/admin';
import type { UsageQuery } from '@parapet/metering/usage';
import { currencyOf } from '../../context.ts';
import { csvFile } from '../../usage/csv.ts';
import { usageColumns, usageLine, usageView } from '../../usage/usage-view.ts';
import { defineVerb } from '../../verb.ts';

const everyone = (input: Omit<UsageQuery, 'orgId'>): UsageQuery => ({ orgId: null, ...input });

/** Usage and revenue of all tenants over time. */
export const adminUsage = defineVerb('admin.usage.get', adminUsageInputSchema, ({ read, services }, input) =>
  read((tx) => usageView(tx, everyone(input), currencyOf(services))),
);

export const exportAdminUsage = defineVerb('admin.usage.export', adminUsageInputSchema, ({ read, services }, input) =>
  read(async (tx) => {
    const { rows } = await usageView(tx, everyone(input), currencyOf(services));
    return csvFile('usage-all-organisations', rows.map(usageLine), usageColumns);
  }),
);
