import type { Metadata } from 'next';
import { TwoFactorForm } from '#features/access/two-factor-form.tsx';
import { access } from '#text/en/access.ts';

export const metadata: Metadata = { title: access.twoFactorTitle };

export default async function TwoFactorPage({ searchParams }: { searchParams: Promise<{ next?: string }> }) {
  const { next } = await searchParams;
  return (
    <>
      <h1 className="mb-6 font-semibold text-xl tracking-tight">{access.twoFactorTitle}</h1>
      <TwoFactorForm next={next} />
    </>
  );
}
