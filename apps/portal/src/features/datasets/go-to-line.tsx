'use client';

import type { FormEvent } from 'react';
import { Button } from '#components/button.tsx';
import { datasets as text } from '#text/en/datasets.ts';

export function GoToLine({ total, onGo }: { total: number; onGo: (line: number) => void }) {
  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    onGo(Number(new FormData(event.currentTarget).get('line')));
  }
  return (
    <form onSubmit={submit} className="flex items-center gap-1.5">
      <input
        name="line"
        type="number"
        min={1}
        max={total}
        required
        placeholder={text.goToLine}
        aria-label={text.goToLine}
        className="field h-7 w-28 px-2 text-xs"
      />
      <Button type="submit" size="sm">
        {text.go}
      </Button>
    </form>
  );
}
