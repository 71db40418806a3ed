'use client';

import type { AdapterDetail } from '@parapet/contracts/portal/adapters';
import { Plus, Trash2, Undo2 } from 'lucide-react';
import { lazy, Suspense, useState } from 'react';
import { Badge } from '#components/badge.tsx';
import { Button } from '#components/button.tsx';
import { Card, CardHeader } from '#components/card.tsx';
import { Confirm } from '#components/confirm.tsx';
import { CopyableId } from '#components/copy.tsx';
import { Time } from '#components/time.tsx';
import { useOnce } from '#components/use-once.ts';
import { useMay } from '#lib/permissions.tsx';
import { adapters } from '#text/en/adapters.ts';
import { useAlias } from './use-alias.ts';

const AddAlias = lazy(async () => ({ default: (await import('./add-alias.tsx')).AddAlias }));

const text = adapters.aliases;

/** The names that stay while versions change: where each points, moved with one choice and back with one click. */
export function AliasList({ adapter }: { adapter: AdapterDetail }) {
  const [adding, setAdding] = useState(false);
  const added = useOnce(adding);
  const may = useMay('developer');
  const alias = useAlias(adapter.id);
  return (
    <Card>
      <CardHeader
        title={adapters.tabs.aliases}
        description={text.hint}
        actions={
          may && adapter.latest ? (
            <>
              <Button size="sm" onClick={() => setAdding(true)}>
                <Plus />
                {text.add}
              </Button>
              {added ? (
                <Suspense>
                  <AddAlias adapter={adapter} version={adapter.latest} open={adding} onOpenChange={setAdding} />
                </Suspense>
              ) : null}
            </>
          ) : null
        }
      />
      {adapter.aliases.length === 0 ? null : (
        <ul className="divide-y divide-line border-line border-t">
          {adapter.aliases.map((one) => (
            <li key={one.name} className="flex flex-wrap items-center gap-x-4 gap-y-2 px-4 py-2.5 sm:px-5">
              <Badge tone="accent">{one.name}</Badge>
              {may ? (
                <select
                  aria-label={`${one.name}: ${text.to}`}
                  className="field h-7 px-2 text-xs"
                  value={one.versionId}
                  onChange={(event) => {
                    const to = adapter.versionList.find((version) => version.id === event.target.value);
                    if (to) void alias.move(one.name, to, false).catch(alias.failed);
                  }}
                >
                  {adapter.versionList.map((version) => (
                    <option key={version.id} value={version.id}>
                      {text.points(version.version)}
                    </option>
                  ))}
                </select>
              ) : (
                <span>{text.points(one.version)}</span>
              )}
              <CopyableId id={one.model} full className="min-w-0 flex-1 basis-52" />
              <span className="text-faint text-xs">
                {text.movedBy(one.movedBy)} <Time at={one.movedAt} />
              </span>
              {may ? (
                <span className="flex gap-1">
                  {one.previousVersionId ? (
                    <Button size="sm" aria-label={text.backTo(one.name)} onClick={() => alias.back(one.name)}>
                      <Undo2 />
                      {text.back}
                    </Button>
                  ) : null}
                  <Confirm
                    trigger={
                      <Button size="iconSm" variant="ghost" aria-label={text.removeNamed(one.name)}>
                        <Trash2 />
                      </Button>
                    }
                    title={text.removeTitle(one.name)}
                    action={text.remove}
                    undoable={text.removeUndo}
                    onConfirm={() => alias.remove(one.name)}
                  >
                    {text.removeText}
                  </Confirm>
                </span>
              ) : null}
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}
