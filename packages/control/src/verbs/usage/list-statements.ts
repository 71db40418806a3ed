import type { StatementView } from '@parapet/contracts/portal/usage';
import { statementOf, statementPeriods, toStatementView } from '@parapet/metering/statement';
import { z } from 'zod';
import { currencyOf } from '../../context.ts';
import { defineVerb } from '../../verb.ts';

/** As far back as the list goes. */
const maxMonths = 24;

/** The statements of the months with use, newest first. */
export const listStatements = defineVerb('usage.statements', z.void(), ({ read, tenancy, services }) =>
  read(async (tx) => {
    const views: StatementView[] = [];
    for (const period of (await statementPeriods(tx, tenancy.id)).slice(0, maxMonths)) {
      views.push(toStatementView(await statementOf(tx, tenancy.id, period, currencyOf(services))));
    }
    return views;
  }),
);
