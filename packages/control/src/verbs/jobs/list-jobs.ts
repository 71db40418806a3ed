import type { Page } from '@parapet/contracts/portal/common';
import { type JobView, listJobsInputSchema } from '@parapet/contracts/portal/jobs';
import { fineTuningJobs } from '@parapet/db/schema';
import { and, asc, desc, eq, ilike, or } from 'drizzle-orm';
import { selectJobs } from '../../jobs/job-view.ts';
import { containing, offsetOf, offsetPage } from '../../page.ts';
import { defineVerb } from '../../verb.ts';

export const listJobs = defineVerb(
  'jobs.list',
  listJobsInputSchema,
  ({ read, tenancy }, { cursor, limit, search, sort, status }): Promise<Page<JobView>> =>
    read(async (tx) => {
      const offset = offsetOf(cursor);
      const text = search === undefined ? undefined : containing(search);
      const where = and(
        eq(fineTuningJobs.orgId, tenancy.id),
        text ? or(ilike(fineTuningJobs.id, text), ilike(fineTuningJobs.suffix, text)) : undefined,
        status ? eq(fineTuningJobs.status, status) : undefined,
      );
      const orderBy = [sort === 'newest' ? desc(fineTuningJobs.id) : asc(fineTuningJobs.id)];
      const rows = await selectJobs(tx, { where, orderBy, limit: limit + 1, offset });
      return offsetPage(
        rows.map(({ view }) => view),
        limit,
        offset,
      );
    }),
);
