/** The grouping of an address, for an organisation's usage. */
export const usageGroup = (by: string | undefined): 'none' | 'key' | 'model' | 'adapter' =>
  by === 'key' || by === 'model' || by === 'adapter' ? by : 'none';
