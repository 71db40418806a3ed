import { statementIdInputSchema } from '@parapet/contracts/portal/usage';
import { toStatementView } from '@parapet/metering/statement';
import { currencyOf } from '../../context.ts';
import { findStatement } from '../../usage/statements.ts';
import { defineVerb } from '../../verb.ts';

export const getStatement = defineVerb('usage.statement', statementIdInputSchema, ({ read, services }, input) =>
  read(async (tx) => toStatementView(await findStatement(tx, input.statementId, currencyOf(services)))),
);
