import type { AdminJobView } from '@parapet/contracts/portal/admin';
import Link from 'next/link';
import { Card, CardBody, CardHeader } from '#components/card.tsx';
import { formatDeviceSeconds } from '#lib/format.ts';
import { adminJobs as text } from '#text/en/admin.ts';

/** More bars than this tell nothing; the rest wait behind them anyway. */
const mostShown = 8;

/**
 * Tenants with jobs in the list, by the device time of their last 24 hours: the first has used least, and its next job
 * starts first. With one tenant there is nothing to share.
 */
export function FairShares({ jobs }: { jobs: readonly AdminJobView[] }) {
  const tenants = new Map(jobs.map((job) => [job.organisation.id, { ...job.organisation, waiting: 0, micros: 0 }]));
  for (const job of jobs) {
    const tenant = tenants.get(job.organisation.id);
    if (!tenant) continue;
    tenant.micros = job.tenantRecentDeviceMicros;
    if (job.status === 'queued') tenant.waiting += 1;
  }
  if (tenants.size < 2) return null;
  const shown = [...tenants.values()].sort((a, b) => a.micros - b.micros).slice(0, mostShown);
  const most = Math.max(1, ...shown.map(({ micros }) => micros));
  return (
    <Card className="mb-5">
      <CardHeader title={text.shares} description={text.sharesText} />
      <CardBody>
        <ul className="grid gap-2.5">
          {shown.map((tenant) => (
            <li
              key={tenant.id}
              className="grid grid-cols-[minmax(0,1fr)_auto] items-center gap-x-3 text-[0.8125rem] sm:grid-cols-[minmax(0,10rem)_minmax(0,1fr)_auto]"
            >
              <Link
                href={`/admin/tenants/${tenant.id}`}
                className="truncate rounded font-medium leading-6 hover:text-accent-text"
              >
                {tenant.name}
              </Link>
              <span
                aria-hidden="true"
                className="h-1.5 overflow-hidden rounded-full bg-hover max-sm:order-last max-sm:col-span-2"
              >
                <span
                  className="block h-full rounded-full bg-accent"
                  style={{ width: `${Math.max(tenant.micros > 0 ? 1.5 : 0, (tenant.micros / most) * 100)}%` }}
                />
              </span>
              <span className="whitespace-nowrap text-right tabular-nums">
                {formatDeviceSeconds(tenant.micros)} <span className="text-faint">{text.waiting(tenant.waiting)}</span>
              </span>
            </li>
          ))}
        </ul>
      </CardBody>
    </Card>
  );
}
