/** How every list of the API goes on: with the cursor of its last page, until there is none. */
export const nextPage = { getNextPageParam: (page: { nextCursor: string | null }) => page.nextCursor };
