import type { DatasetView } from '@parapet/contracts/portal/datasets';
import { Badge } from '#components/badge.tsx';
import { datasets as text } from '#text/en/datasets.ts';

const tones = { counting: 'accent', ready: 'ok', invalid: 'danger' } as const;

export function DatasetStatus({ status }: { status: DatasetView['status'] }) {
  return (
    <Badge tone={tones[status]} dot live={status === 'counting'}>
      {text.statuses[status]}
    </Badge>
  );
}
