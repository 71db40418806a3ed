// Stands in for @trpc/client's WebSocket link, which its one entry file brings along for 5 kB on every page and
// which nothing here opens (see next.config.ts).
const absent = () => {
  throw new Error('WebSockets are left out of this build');
};

export const i = { encode: JSON.stringify, decode: JSON.parse };
export { absent as n, absent as r, absent as t };
