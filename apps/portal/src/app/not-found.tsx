import Link from 'next/link';
import { Button } from '#components/button.tsx';
import { Mark } from '#components/mark.tsx';
import { common } from '#text/en/common.ts';

export default function NotFound() {
  return (
    <main className="grid min-h-dvh place-items-center p-6 text-center">
      <div>
        <Mark className="mx-auto mb-4 size-10!" />
        <h1 className="font-semibold text-lg">{common.notFound}</h1>
        <p className="mt-1 text-muted">{common.notFoundHint}</p>
        <Button asChild className="mt-5">
          <Link href="/">{common.toStart}</Link>
        </Button>
      </div>
    </main>
  );
}
