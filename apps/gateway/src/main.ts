import { gatewayEnv } from './env.ts';
import { createGateway, type GatewayConfig } from './server.ts';

/** A gateway of a fleet, told everything by its environment. `npm start` starts an embedded one instead. */
const env = gatewayEnv();

function blobsOf(): GatewayConfig['blobs'] {
  if (env.PARAPET_BLOBS_DIR) return { kind: 'files', directory: env.PARAPET_BLOBS_DIR };
  if (!env.S3_BUCKET || !env.S3_ACCESS_KEY_ID || !env.S3_SECRET_ACCESS_KEY) {
    console.error('parapet gateway: set S3_BUCKET, S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY, or PARAPET_BLOBS_DIR.');
    process.exit(2);
  }
  return {
    kind: 's3',
    bucket: env.S3_BUCKET,
    region: env.S3_REGION,
    endpoint: env.S3_ENDPOINT,
    accessKeyId: env.S3_ACCESS_KEY_ID,
    secretAccessKey: env.S3_SECRET_ACCESS_KEY,
  };
}

const gateway = await createGateway({
  database: { kind: 'postgres', url: env.DATABASE_URL, poolSize: env.PARAPET_DATABASE_POOL },
  blobs: blobsOf(),
  workerToken: env.PARAPET_WORKER_TOKEN,
  authSecret: env.PARAPET_AUTH_SECRET,
  publicUrl: env.PARAPET_PUBLIC_URL,
  signUp: env.PARAPET_SIGN_UP,
  oidc: env.oidc,
  modelDir: env.PARAPET_MODEL_DIR,
  trustProxy: env.PARAPET_TRUST_PROXY,
  logLevel: env.PARAPET_LOG_LEVEL,
});

let closing = false;
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    if (closing) return;
    closing = true;
    gateway.close().then(
      () => process.exit(0),
      (error: unknown) => {
        gateway.services.log.error({ err: error }, 'the gateway did not close cleanly');
        process.exit(1);
      },
    );
  });
}

const url = await gateway.listen({ port: env.PARAPET_PORT, host: env.PARAPET_HOST });
gateway.services.log.info({ url }, 'the gateway listens');
if (gateway.adminSignIn) {
  // Once, to the terminal and not to the log: the password is kept nowhere else.
  const { email, password } = gateway.adminSignIn;
  process.stderr.write(`parapet: the first admin signs in with ${email} and the password ${password}\n`);
}
