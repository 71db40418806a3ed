import { z } from 'zod';

/** What a gateway of a fleet is told by its environment. `npm start` needs none of it. */
const schema = z.object({
  /** Where it listens. */
  PARAPET_PORT: z.coerce.number().int().min(0).max(65_535).default(8787),
  PARAPET_HOST: z.string().default('0.0.0.0'),
  /** Postgres ≥ 15. */
  DATABASE_URL: z.string().min(1),
  /** Connections to it. */
  PARAPET_DATABASE_POOL: z.coerce.number().int().min(1).max(200).default(10),
  /** The secret that workers and gateway share. */
  PARAPET_WORKER_TOKEN: z.string().min(32),
  /** Signs sessions. */
  PARAPET_AUTH_SECRET: z.string().min(32),
  /** What people type to reach the portal: https://parapet.example.com. */
  PARAPET_PUBLIC_URL: z.url(),
  /** Whether anyone may sign up, or only who is invited. */
  PARAPET_SIGN_UP: z.enum(['open', 'invited']).default('invited'),
  /** The base model's files, whose tokenizer counts data sets. */
  PARAPET_MODEL_DIR: z.string().optional(),
  /** Behind a load balancer whose forwarded headers are to be believed. */
  PARAPET_TRUST_PROXY: z.stringbool().default(false),
  PARAPET_LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
  /** Files instead of S3: a folder that all gateways share. */
  PARAPET_BLOBS_DIR: z.string().optional(),
  S3_BUCKET: z.string().optional(),
  S3_ENDPOINT: z.string().optional(),
  S3_REGION: z.string().default('us-east-1'),
  S3_ACCESS_KEY_ID: z.string().optional(),
  S3_SECRET_ACCESS_KEY: z.string().optional(),
});
export type GatewayEnv = z.infer<typeof schema>;

/** Reads the environment, or ends the process with the one variable that is wrong. */
export function gatewayEnv(): GatewayEnv {
  const result = schema.safeParse(process.env);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  console.error(`parapet gateway: the environment variable ${issue?.path.join('.')} is wrong: ${issue?.message}.`);
  process.exit(2);
}

/** The environment that child processes get on top of their own variables. */
export function inheritedEnv(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(process.env).filter((pair): pair is [string, string] => pair[1] !== undefined),
  );
}
