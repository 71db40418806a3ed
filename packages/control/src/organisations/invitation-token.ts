import { createHash, randomBytes } from 'node:crypto';

/** The secret of an invitation's link: shown once, kept as its SHA-256. */
export function mintInvitationToken(): { token: string; tokenHash: string } {
  const token = randomBytes(32).toString('base64url');
  return { token, tokenHash: hashInvitationToken(token) };
}

export const hashInvitationToken = (token: string): string => createHash('sha256').update(token).digest('hex');
