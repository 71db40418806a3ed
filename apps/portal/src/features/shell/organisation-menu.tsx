'use client';

import type { SessionView } from '@parapet/contracts/portal/session';
import { useMutation } from '@tanstack/react-query';
import { ChevronsUpDown } from 'lucide-react';
import { Mark } from '#components/mark.tsx';
import { Menu, MenuLabel, MenuRadio } from '#components/menu.tsx';
import { toast } from '#components/toast.tsx';
import { errorText } from '#lib/error-text.ts';
import { useTRPC } from '#lib/trpc/client.tsx';
import { common } from '#text/en/common.ts';
import { shell } from '#text/en/shell.ts';

/** The product's mark with the organisation's name; with several, a menu to change between them. */
export function OrganisationMenu({ session }: { session: SessionView }) {
  const trpc = useTRPC();
  const change = useMutation(
    trpc.session.switchOrganisation.mutationOptions({
      // Everything on the screen is the old organisation's.
      onSuccess: () => window.location.assign('/'),
      onError: (error) => toast(errorText(error), { tone: 'danger' }),
    }),
  );
  const name = session.organisation?.name ?? common.product;
  const face = (
    <>
      <Mark className="size-5! shrink-0" />
      <span className="min-w-0 flex-1 truncate text-left font-semibold text-[0.8125rem] tracking-tight">{name}</span>
    </>
  );
  if (session.organisations.length < 2) return <div className="flex h-9 items-center gap-2 px-2">{face}</div>;
  return (
    <Menu
      align="start"
      trigger={
        <button
          type="button"
          title={shell.switchOrganisation}
          className="flex h-9 w-full items-center gap-2 rounded-md px-2 hover:bg-hover"
        >
          {face}
          <ChevronsUpDown className="size-3.5 text-faint" aria-hidden="true" />
        </button>
      }
    >
      <MenuLabel>{shell.organisation}</MenuLabel>
      <MenuRadio
        value={session.organisation?.id ?? ''}
        onValueChange={(organisationId) => change.mutate({ organisationId })}
        options={session.organisations.map(({ id, name: label }) => ({ value: id, label }))}
      />
    </Menu>
  );
}
