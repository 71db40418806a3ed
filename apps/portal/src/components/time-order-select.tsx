import { common } from '#text/en/common.ts';
import { FilterSelect } from './list-frame.tsx';

/** Newest or oldest first, for lists of what happened. */
export function TimeOrderSelect({ value, onChange }: { value: string; onChange: (value: string) => void }) {
  return (
    <FilterSelect label={common.order} value={value} onChange={onChange} options={Object.entries(common.orders)} />
  );
}
