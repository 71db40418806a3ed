'use client';

import type { CreatedInvitation } from '@parapet/contracts/portal/organisation';
import type { Role } from '@parapet/contracts/roles';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { UserRoundPlus } from 'lucide-react';
import { type FormEvent, useState } from 'react';
import { Button } from '#components/button.tsx';
import { CodeBlock } from '#components/code-block.tsx';
import { Dialog, DialogActions } from '#components/dialog.tsx';
import { Field, Input, Select } from '#components/field.tsx';
import { errorText } from '#lib/error-text.ts';
import { useMay } from '#lib/permissions.tsx';
import { useTRPC } from '#lib/trpc/client.tsx';
import { common } from '#text/en/common.ts';
import { roleHints, roleNames } from '#text/en/roles.ts';
import { team as text } from '#text/en/team.ts';

export function Invite() {
  const [open, setOpen] = useState(false);
  const [role, setRole] = useState<Role>('developer');
  const [created, setCreated] = useState<CreatedInvitation | null>(null);
  const admin = useMay('admin');
  const owner = useMay('owner');
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const invite = useMutation(
    trpc.organisation.invite.mutationOptions({
      onSuccess: async (answer) => {
        setCreated(answer);
        await queryClient.invalidateQueries(trpc.organisation.invitations.pathFilter());
      },
    }),
  );
  if (!admin) return null;
  function change(next: boolean) {
    setOpen(next);
    if (next) return;
    setCreated(null);
    invite.reset();
  }
  return (
    <Dialog
      open={open}
      onOpenChange={change}
      title={created ? text.linkTitle : text.inviteTitle}
      description={created ? text.linkText : text.inviteText}
      trigger={
        <Button variant="primary">
          <UserRoundPlus />
          {text.invite}
        </Button>
      }
    >
      {created ? (
        <>
          <CodeBlock label={text.link} code={`${window.location.origin}${created.path}`} wrap />
          <DialogActions>
            <Button variant="primary" onClick={() => change(false)}>
              {common.close}
            </Button>
          </DialogActions>
        </>
      ) : (
        <form
          className="grid gap-4"
          onSubmit={(event: FormEvent<HTMLFormElement>) => {
            event.preventDefault();
            invite.mutate({ email: String(new FormData(event.currentTarget).get('email')), role });
          }}
        >
          <Field label={text.email} error={invite.error ? errorText(invite.error) : undefined}>
            <Input name="email" type="email" required autoComplete="off" />
          </Field>
          <Field label={text.role} hint={roleHints[role]}>
            <Select value={role} onChange={(event) => setRole(event.target.value as Role)}>
              {(Object.keys(roleNames) as Role[])
                .filter((name) => owner || name !== 'owner')
                .map((name) => (
                  <option key={name} value={name}>
                    {roleNames[name]}
                  </option>
                ))}
            </Select>
          </Field>
          <DialogActions>
            <Button onClick={() => change(false)}>{common.cancel}</Button>
            <Button type="submit" variant="primary" pending={invite.isPending}>
              {text.invite}
            </Button>
          </DialogActions>
        </form>
      )}
    </Dialog>
  );
}
