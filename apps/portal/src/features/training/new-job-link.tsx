'use client';

import { Plus } from 'lucide-react';
import Link from 'next/link';
import { Button } from '#components/button.tsx';
import { useMay } from '#lib/permissions.tsx';
import { training as text } from '#text/en/training.ts';

export function NewJobLink() {
  if (!useMay('developer')) return null;
  return (
    <Button asChild variant="primary">
      <Link href="/fine-tuning/new">
        <Plus />
        {text.newJob}
      </Link>
    </Button>
  );
}
