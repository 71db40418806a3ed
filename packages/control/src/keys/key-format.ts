import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { idPrefixes, newId } from '@parapet/contracts/ids';

const prefix = 'pk_live_';
const base62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const idLength = 24;
const secretLength = 43;
const checksumLength = 6;

/** A key's text is `pk_live_` + id (24) + secret (43, 256 bits) + checksum (6, from the SHA-256 of all before it). */
export interface ParsedKey {
  /** The key's row. */
  id: string;
  /**
   * SHA-256 of the whole text. No slow hash: with 256 random bits there is nothing to guess that a slower one would
   * slow down, and every request pays for the check.
   */
  hash: string;
}

const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest();

function encodeBase62(bytes: Uint8Array, length: number): string {
  let value = BigInt(`0x${Buffer.from(bytes).toString('hex')}`);
  let text = '';
  for (let i = 0; i < length; i++) {
    text = base62[Number(value % 62n)] + text;
    value /= 62n;
  }
  return text;
}

const checksum = (body: string): string => encodeBase62(sha256(body).subarray(0, 4), checksumLength);

/** A new key: `text` is shown once and kept nowhere; `hint` is the part that may always be shown. */
export function mintKey(nowMs: number): ParsedKey & { text: string; hint: string } {
  const id = newId('apiKey', nowMs);
  const body = prefix + id.slice(idPrefixes.apiKey.length) + encodeBase62(randomBytes(32), secretLength);
  const text = body + checksum(body);
  return { id, hash: sha256(text).toString('hex'), text, hint: body.slice(0, prefix.length + idLength) };
}

/** Takes a key's text apart; null when it can't be one (mistyped or cut), found without asking the database. */
export function parseKey(text: string): ParsedKey | null {
  if (text.length !== prefix.length + idLength + secretLength + checksumLength || !text.startsWith(prefix)) return null;
  const body = text.slice(0, -checksumLength);
  if (checksum(body) !== text.slice(-checksumLength)) return null;
  const id = idPrefixes.apiKey + body.slice(prefix.length, prefix.length + idLength);
  return { id, hash: sha256(text).toString('hex') };
}

/** Compares two hashes in constant time. */
export function sameHash(a: string, b: string): boolean {
  const left = Buffer.from(a, 'hex');
  const right = Buffer.from(b, 'hex');
  return left.length === right.length && timingSafeEqual(left, right);
}
