import type { Metadata } from 'next';
import Link from 'next/link';
import { redirect } from 'next/navigation';
import { safeReturn } from '#features/access/safe-return.ts';
import { SignInForm } from '#features/access/sign-in-form.tsx';
import { session } from '#lib/trpc/server.tsx';
import { access } from '#text/en/access.ts';

export const metadata: Metadata = { title: access.signIn };

type Props = { searchParams: Promise<{ next?: string; email?: string }> };

export default async function SignInPage({ searchParams }: Props) {
  const { next, email } = await searchParams;
  if (await session()) redirect(safeReturn(next));
  return (
    <>
      <h1 className="mb-6 font-semibold text-xl tracking-tight">{access.signInTitle}</h1>
      <SignInForm next={next} email={email} />
      <p className="mt-5 text-center text-muted">
        {access.noAccount}{' '}
        <Link
          href={next ? `/sign-up?next=${encodeURIComponent(next)}` : '/sign-up'}
          className="font-medium text-accent-text underline underline-offset-2"
        >
          {access.signUp}
        </Link>
      </p>
    </>
  );
}
