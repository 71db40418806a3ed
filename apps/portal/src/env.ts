import { z } from 'zod';

const schema = z.object({
  /** Where the gateway listens; read when the portal starts, so one build serves anywhere. */
  GATEWAY_URL: z.url().default('http://127.0.0.1:8787'),
});

/** The portal server's environment. Read at each call: a build must not freeze what only the running server knows. */
export function serverEnv(): z.infer<typeof schema> {
  return schema.parse({ GATEWAY_URL: process.env.GATEWAY_URL });
}
