import { type LedgerEntryView, listLedgerInputSchema } from '@parapet/contracts/portal/admin';
import type { Page } from '@parapet/contracts/portal/common';
import { ledgerEntries, organisations } from '@parapet/db/schema';
import { reconcile } from '@parapet/metering/reconcile';
import { and, eq, ilike, or } from 'drizzle-orm';
import { z } from 'zod';
import { byTime } from '../../page.ts';
import { defineVerb } from '../../verb.ts';

/** The ledger's movements by time. A job's request id is `ftjob-…/fencing token`. */
export const listLedger = defineVerb(
  'admin.ledger.list',
  listLedgerInputSchema,
  ({ read }, { cursor, limit, search, order, organisationId, requestId }): Promise<Page<LedgerEntryView>> =>
    read(async (tx) => {
      const { behind, orderBy } = byTime(ledgerEntries.id, order, cursor);
      const like = search === undefined || search === '' ? null : `%${search.replace(/[\\%_]/g, '\\$&')}%`;
      const rows = await tx
        .select({ entry: ledgerEntries, organisationName: organisations.name })
        .from(ledgerEntries)
        .leftJoin(organisations, eq(organisations.id, ledgerEntries.orgId))
        .where(
          and(
            behind,
            organisationId === undefined ? undefined : eq(ledgerEntries.orgId, organisationId),
            requestId === undefined ? undefined : eq(ledgerEntries.requestId, requestId),
            like === null ? undefined : or(ilike(ledgerEntries.requestId, like), ilike(organisations.name, like)),
          ),
        )
        .orderBy(orderBy)
        .limit(limit + 1);
      const items = rows.slice(0, limit).map(({ entry, organisationName }): LedgerEntryView => {
        const training = entry.resource === 'training';
        return {
          id: entry.id,
          at: entry.createdAt.getTime(),
          organisationId: entry.orgId,
          organisationName: organisationName ?? entry.orgId,
          kind: entry.kind,
          requestId: training ? null : entry.requestId,
          jobId: training ? (entry.requestId.split('/', 1)[0] ?? null) : null,
          deviceMicros: entry.kind === 'hold' ? entry.gpuHeld : entry.gpuUsed,
          costMicros: entry.kind === 'hold' ? entry.spendHeld : entry.spendUsed,
        };
      });
      return { items, nextCursor: rows.length > limit ? (items.at(-1)?.id ?? null) : null };
    }),
);

/** Derives every balance again and compares; see metering's `reconcile`. */
export const reconcileLedger = defineVerb('admin.ledger.reconcile', z.void(), ({ services }) =>
  reconcile(services.database.db),
);
