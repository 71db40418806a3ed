/** The order of a list by time, from an address: anything else is the usual one. */
export const timeOrder = (order: string | undefined): 'newest' | 'oldest' => (order === 'oldest' ? 'oldest' : 'newest');
