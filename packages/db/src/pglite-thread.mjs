// The embedded database on a thread of its own: PGlite computes synchronously, and a gateway's event loop must go on
// streaming while it does. Plain JavaScript, so that the thread starts without a loader. Protocol: pglite-client.ts.
import { parentPort, workerData } from 'node:worker_threads';
import { PGlite, types } from '@electric-sql/pglite';

const int8 = 20;
const asText = (value) => value;
/** Drizzle reads these itself, from text. */
const textParsers = Object.fromEntries(
  [types.TIMESTAMP, types.TIMESTAMPTZ, types.INTERVAL, types.DATE, 1231, 1115, 1185, 1187, 1182].map((oid) => [
    oid,
    asText,
  ]),
);

function readInt8(text) {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new Error(`A count of ${text} is beyond 2^53.`);
  return value;
}

const listeners = new Map();

const handlers = {
  query: async (database, { sql, parameters, rowMode, text }) => {
    const { rows, affectedRows } = await database.query(
      sql,
      parameters,
      text ? { rowMode, parsers: textParsers } : { rowMode },
    );
    return { rows, affectedRows };
  },
  exec: async (database, { sql }) => {
    await database.exec(sql);
  },
  listen: async (database, { channel, listener }) => {
    listeners.set(listener, await database.listen(channel, (payload) => parentPort.postMessage({ listener, payload })));
  },
  unlisten: async (_database, { listener }) => {
    await listeners.get(listener)?.();
    listeners.delete(listener);
  },
  close: (database) => database.close(),
};

const opening = PGlite.create({
  ...(workerData.directory === null ? {} : { dataDir: workerData.directory }),
  parsers: { [int8]: readInt8 },
});

parentPort.on('message', async ({ id, kind, ...message }) => {
  try {
    const database = await opening;
    parentPort.postMessage({ id, result: await handlers[kind](database, message) });
  } catch (error) {
    // Postgres' own fields (code, detail, constraint …) with the message; a stack of this thread tells nothing.
    const fields = Object.fromEntries(Object.entries(error).filter(([, value]) => typeof value === 'string'));
    parentPort.postMessage({ id, error: { ...fields, message: error.message } });
  }
});
