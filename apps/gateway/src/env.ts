import { z } from 'zod';
import type { OidcConfig } from './auth/oidc.ts';
import { StartProblem } from './embedded/problem.ts';
import type { GatewayConfig } from './server.ts';

/** What any gateway may be told of its people. */
const peopleSchema = z.object({
  /** What people type to reach the portal: https://parapet.example.com. */
  PARAPET_PUBLIC_URL: z.url().optional(),
  /** Whether anyone may sign up, or only who is invited. */
  PARAPET_SIGN_UP: z.enum(['open', 'invited']).optional(),
  /** Sign-in at a company's OpenID Connect provider: its issuer, and what it knows this platform by. */
  PARAPET_OIDC_ISSUER: z.url().optional(),
  PARAPET_OIDC_CLIENT_ID: z.string().min(1).optional(),
  PARAPET_OIDC_CLIENT_SECRET: z.string().min(1).optional(),
  /** What its people call it. */
  PARAPET_OIDC_NAME: z.string().min(1).max(40).default('single sign-on'),
  /** Take an address that it says nothing about as verified: for a provider that checks addresses and sends no claim. */
  PARAPET_OIDC_TRUST_EMAIL: z.stringbool().default(false),
});

/** What a gateway of a fleet is told by its environment. `npm start` needs none of it. */
const schema = peopleSchema.extend({
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
  PARAPET_PUBLIC_URL: z.url(),
  PARAPET_SIGN_UP: z.enum(['open', 'invited']).default('invited'),
  /** The base model's files, whose tokenizer counts data sets. */
  PARAPET_MODEL_DIR: z.string().optional(),
  /** Whose forwarded addresses are believed: `true` everyone's, or proxies by address and range (`10.0.0.0/8, loopback`). */
  PARAPET_TRUST_PROXY: z
    .string()
    .default('false')
    .transform((text) => (/^(true|1|false|0|)$/.test(text) ? text === 'true' || text === '1' : text.split(/\s*,\s*/))),
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
export function gatewayEnv(): GatewayEnv & { oidc: OidcConfig | null } {
  try {
    const env = read(schema);
    return { ...env, oidc: oidcOf(env) };
  } catch (error) {
    if (!(error instanceof StartProblem)) throw error;
    console.error(`parapet gateway: ${error.message}`);
    process.exit(2);
  }
}

/**
 * What `npm start` may be told of its people.
 * @throws StartProblem with the one variable that is wrong.
 */
export function platformEnv(): Pick<GatewayConfig, 'signUp' | 'oidc'> & { publicUrl: string | undefined } {
  const env = read(peopleSchema);
  return { publicUrl: env.PARAPET_PUBLIC_URL, signUp: env.PARAPET_SIGN_UP, oidc: oidcOf(env) };
}

function read<S extends z.ZodType>(wanted: S): z.output<S> {
  const result = wanted.safeParse(process.env);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  throw new StartProblem(`The environment variable ${issue?.path.join('.')} is wrong: ${issue?.message}.`);
}

function oidcOf(env: z.output<typeof peopleSchema>): OidcConfig | null {
  const {
    PARAPET_OIDC_ISSUER: issuer,
    PARAPET_OIDC_CLIENT_ID: clientId,
    PARAPET_OIDC_CLIENT_SECRET: clientSecret,
  } = env;
  if (issuer === undefined && clientId === undefined && clientSecret === undefined) return null;
  if (issuer === undefined || clientId === undefined || clientSecret === undefined) {
    throw new StartProblem(
      'Set PARAPET_OIDC_ISSUER, PARAPET_OIDC_CLIENT_ID and PARAPET_OIDC_CLIENT_SECRET, or none of them.',
    );
  }
  return { issuer, clientId, clientSecret, name: env.PARAPET_OIDC_NAME, trustEmail: env.PARAPET_OIDC_TRUST_EMAIL };
}

/** The environment that child processes get on top of their own variables. */
export function inheritedEnv(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(process.env).filter((pair): pair is [string, string] => pair[1] !== undefined),
  );
}
