import type { Metadata } from 'next';
import Link from 'next/link';
import { redirect } from 'next/navigation';
import { Notice } from '#components/states.tsx';
import { ProviderSignIn } from '#features/access/provider-sign-in.tsx';
import { isInvitation, safeReturn } from '#features/access/safe-return.ts';
import { SignUpForm } from '#features/access/sign-up-form.tsx';
import { api, session } from '#lib/trpc/server.tsx';
import { access } from '#text/en/access.ts';

export const metadata: Metadata = { title: access.signUp };

type Props = { searchParams: Promise<{ next?: string; email?: string }> };

export default async function SignUpPage({ searchParams }: Props) {
  const { next, email } = await searchParams;
  if (await session()) redirect(safeReturn(next));
  const { signUp, provider } = await api().session.signIn.query();
  const may = signUp === 'open' || isInvitation(next);
  return (
    <>
      <h1 className="mb-6 font-semibold text-xl tracking-tight">{access.signUpTitle}</h1>
      {may && provider ? <ProviderSignIn name={provider.name} next={next} /> : null}
      {may ? <SignUpForm next={next} email={email} /> : <Notice tone="warn">{access.byInvitation}</Notice>}
      <p className="mt-5 text-center text-muted">
        {access.haveAccount}{' '}
        <Link
          href={next ? `/sign-in?next=${encodeURIComponent(next)}` : '/sign-in'}
          className="font-medium text-accent-text underline underline-offset-2"
        >
          {access.signIn}
        </Link>
      </p>
    </>
  );
}
