import type { Metadata } from 'next';
import { Page } from '#components/page.tsx';
import { QueryBoundary } from '#components/states.tsx';
import { AddPlan } from '#features/admin-plans/add-plan.tsx';
import { PlanList } from '#features/admin-plans/plan-list.tsx';
import { Hydrate, prefetch, query } from '#lib/trpc/server.tsx';
import { plans as text } from '#text/en/admin.ts';

export const metadata: Metadata = { title: text.title };

export default function PlansPage() {
  prefetch(query().admin.plans.list.queryOptions());
  return (
    <Page title={text.title} description={text.description} actions={<AddPlan />} wide>
      <Hydrate>
        <QueryBoundary>
          <PlanList />
        </QueryBoundary>
      </Hydrate>
    </Page>
  );
}
