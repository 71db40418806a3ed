'use client';

import { useMutation } from '@tanstack/react-query';
import { Scale, TriangleAlert } from 'lucide-react';
import { Button } from '#components/button.tsx';
import { Notice } from '#components/states.tsx';
import { Time } from '#components/time.tsx';
import { errorText } from '#lib/error-text.ts';
import { formatInteger } from '#lib/format.ts';
import { useTRPCClient } from '#lib/trpc/client.tsx';
import { ledger as text } from '#text/en/admin.ts';

/** Adds the ledger up and compares it with the balances that are kept. */
export function Reconcile() {
  const client = useTRPCClient();
  const check = useMutation({ mutationFn: () => client.admin.ledger.reconcile.query() });
  const result = check.data;
  return (
    <div className="mb-5 grid gap-3">
      <div className="flex flex-wrap items-center gap-3">
        <Button pending={check.isPending} onClick={() => check.mutate()}>
          <Scale />
          {text.reconcile}
        </Button>
        {result ? (
          <span className="text-faint text-xs">
            {text.checked} <Time at={result.checkedAt} />. {text.openHolds(formatInteger(result.openHolds))}
          </span>
        ) : null}
      </div>
      <div aria-live="polite" className="empty:hidden">
        {check.error ? <Notice tone="danger">{errorText(check.error)}</Notice> : null}
        {result && result.differences.length === 0 ? (
          <Notice tone="ok">
            {text.reconciled(formatInteger(result.entries), formatInteger(result.organisations))}
          </Notice>
        ) : null}
        {result && result.differences.length > 0 ? (
          <Notice tone="danger" icon={TriangleAlert} title={text.differences(formatInteger(result.differences.length))}>
            <table className="mt-2 w-full text-left text-xs">
              <thead>
                <tr>
                  {Object.values(text.difference).map((name) => (
                    <th key={name} scope="col" className="py-1 pr-3 font-medium">
                      {name}
                    </th>
                  ))}
                </tr>
              </thead>
              <tbody className="tabular-nums">
                {result.differences.map((row) => (
                  <tr key={`${row.organisationId} ${row.what}`}>
                    <td className="pr-3 font-mono">{row.organisationId}</td>
                    <td className="pr-3">{row.what}</td>
                    <td className="pr-3">{formatInteger(row.ledger)}</td>
                    <td>{formatInteger(row.kept)}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </Notice>
        ) : null}
      </div>
    </div>
  );
}
