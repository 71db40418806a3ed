import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';

/** Keeps secrets that must be read again (unlike passwords and keys) out of database dumps. */
export interface SecretBox {
  seal(text: string): string;
  /** @throws Error when it was sealed with another key, or changed. */
  open(sealed: string): string;
}

const version = 'v1';

/** AES-256-GCM under a key derived (HKDF-SHA-256) from the platform's own secret. */
export function createSecretBox(platformSecret: string): SecretBox {
  const key = Buffer.from(hkdfSync('sha256', platformSecret, '', 'parapet sealed secrets', 32));
  return {
    seal(text) {
      const nonce = randomBytes(12);
      const cipher = createCipheriv('aes-256-gcm', key, nonce);
      const body = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
      return [version, ...[nonce, cipher.getAuthTag(), body].map((part) => part.toString('base64url'))].join('.');
    },
    open(sealed) {
      const [found, ...parts] = sealed.split('.');
      const [nonce, tag, body] = parts.map((part) => Buffer.from(part, 'base64url'));
      if (found !== version || !nonce || tag?.length !== 16 || !body) throw new Error('not a sealed secret');
      const decipher = createDecipheriv('aes-256-gcm', key, nonce).setAuthTag(tag);
      return Buffer.concat([decipher.update(body), decipher.final()]).toString('utf8');
    },
  };
}
