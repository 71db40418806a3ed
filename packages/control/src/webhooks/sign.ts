import { createHmac, randomBytes } from 'node:crypto';

const prefix = 'whsec_';

/** A signing secret in the form of Standard Webhooks: `whsec_` and 32 bytes in base 64. */
export const mintWebhookSecret = (): string => prefix + randomBytes(32).toString('base64');

/** The headers of a delivery (standardwebhooks.com): any library of that standard can check them. */
export function signedHeaders(secret: string, id: string, at: Date, body: string): Record<string, string> {
  const timestamp = String(Math.floor(at.getTime() / 1000));
  const key = Buffer.from(secret.slice(prefix.length), 'base64');
  const signature = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64');
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': `v1,${signature}` };
}
