/** The grouping of an address, for the platform's usage. */
export const platformGroup = (by: string | undefined): 'none' | 'organisation' | 'model' =>
  by === 'organisation' || by === 'model' ? by : 'none';
