/** The rows of a raw statement. Both drivers put them under `rows`; the caller names their shape. */
export const rowsOf = <Row>(result: unknown): Row[] => (result as { rows: Row[] }).rows;
