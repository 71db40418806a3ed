/** One thing that doctor looked at. `advice` says what to do, where there is something to do. */
export type Check = {
  name: string;
  state: 'ok' | 'absent' | 'broken';
  detail: string;
  advice?: string;
};
