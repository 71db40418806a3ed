/** The list's query from its address; the server prefetches the same. */
export function adapterListInput(address: { search?: string; sort?: string }) {
  const sort = address.sort === 'oldest' || address.sort === 'name' ? address.sort : 'newest';
  return { search: address.search || undefined, sort } as const;
}
