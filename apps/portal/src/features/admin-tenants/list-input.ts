/** The list's query from its address; the server prefetches the same. */
export function tenantListInput(address: { search?: string; sort?: string; state?: string }) {
  return {
    search: address.search || undefined,
    sort: (['name', 'use'] as const).find((sort) => sort === address.sort) ?? ('newest' as const),
    suspended: address.state === 'suspended' ? true : address.state === 'active' ? false : undefined,
  };
}
