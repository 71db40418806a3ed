import type { Metadata } from 'next';
import Link from 'next/link';
import { redirect } from 'next/navigation';
import { Notice } from '#components/states.tsx';
import { providerRefusal } from '#features/access/provider-refusal.ts';
import { ProviderSignIn } from '#features/access/provider-sign-in.tsx';
import { isInvitation, safeReturn } from '#features/access/safe-return.ts';
import { SignInForm } from '#features/access/sign-in-form.tsx';
import { api, session } from '#lib/trpc/server.tsx';
import { access } from '#text/en/access.ts';

export const metadata: Metadata = { title: access.signIn };

type Props = { searchParams: Promise<{ next?: string; email?: string; error?: string }> };

export default async function SignInPage({ searchParams }: Props) {
  const { next, email, error } = await searchParams;
  if (await session()) redirect(safeReturn(next));
  const { signUp, provider } = await api().session.signIn.query();
  return (
    <>
      <h1 className="mb-6 font-semibold text-xl tracking-tight">{access.signInTitle}</h1>
      {error === undefined ? null : (
        <div role="alert" className="mb-4">
          <Notice tone="danger">{providerRefusal(error)}</Notice>
        </div>
      )}
      {provider ? <ProviderSignIn name={provider.name} next={next} /> : null}
      <SignInForm next={next} email={email} />
      {signUp === 'open' || isInvitation(next) ? (
        <p className="mt-5 text-center text-muted">
          {access.noAccount}{' '}
          <Link
            href={next ? `/sign-up?next=${encodeURIComponent(next)}` : '/sign-up'}
            className="font-medium text-accent-text underline underline-offset-2"
          >
            {access.signUp}
          </Link>
        </p>
      ) : null}
    </>
  );
}
