import type { TextFileView } from '@parapet/contracts/portal/common';
import { statementExportInputSchema } from '@parapet/contracts/portal/usage';
import { statementCsv, statementHtml } from '@parapet/metering/statement-files';
import { currencyOf } from '../../context.ts';
import { findStatement } from '../../usage/statements.ts';
import { defineVerb } from '../../verb.ts';

/** A statement as a file: CSV for books, HTML for print. */
export const exportStatement = defineVerb(
  'usage.statementExport',
  statementExportInputSchema,
  ({ read, tenancy, services }, input): Promise<TextFileView> =>
    read(async (tx) => {
      const statement = await findStatement(tx, input.statementId, currencyOf(services));
      const name = `statement-${tenancy.slug}-${statement.period.slice(0, 7)}`;
      return input.format === 'csv'
        ? { fileName: `${name}.csv`, contentType: 'text/csv; charset=utf-8', content: statementCsv(statement) }
        : {
            fileName: `${name}.html`,
            contentType: 'text/html; charset=utf-8',
            content: statementHtml(statement, tenancy),
          };
    }),
);
