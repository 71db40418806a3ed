/** A gateway on the embedded database as a process of its own: `node embedded-gateway.ts <json options>`. */
import { createGateway } from '@parapet/gateway/server';

const { port, directory, blobs, workerToken, authSecret, publicUrl } = JSON.parse(process.argv[2] ?? '{}') as {
  port: number;
  directory: string;
  blobs: string;
  workerToken: string;
  authSecret: string;
  publicUrl: string;
};
const gateway = await createGateway({
  database: { kind: 'pglite', directory },
  blobs: { kind: 'files', directory: blobs },
  workerToken,
  authSecret,
  publicUrl,
  logLevel: 'warn',
});
process.once('SIGTERM', () => void gateway.close().then(() => process.exit(0)));
console.log(await gateway.listen({ port, host: '127.0.0.1' }));
