import { RefusedError } from './error-text.ts';

/**
 * The few calls of /auth the portal makes itself. The gateway mounts better-auth there; its answers are JSON, a
 * refusal is `{ message, code }`.
 */
async function post<T>(path: string, body: unknown, headers: Record<string, string> = {}): Promise<T> {
  const answer = await fetch(`/auth${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
  const text = await answer.text();
  const parsed: unknown = text === '' ? null : JSON.parse(text);
  if (!answer.ok) {
    const refusal = (parsed ?? {}) as { message?: string; code?: string; error?: { message?: string; code?: string } };
    throw new RefusedError(
      refusal.message ?? refusal.error?.message ?? answer.statusText,
      answer.status,
      refusal.code ?? refusal.error?.code ?? null,
    );
  }
  return parsed as T;
}

/** Signs in; with two-factor on, a code has to follow. */
export async function signIn(email: string, password: string): Promise<'signed-in' | 'code-needed'> {
  const answer = await post<{ twoFactorRedirect?: boolean }>('/sign-in/email', { email, password });
  return answer.twoFactorRedirect ? 'code-needed' : 'signed-in';
}

/** A new account, in the organisation that invited it or in a new one of the given name. */
export const signUp = (
  person: { name: string; email: string; password: string },
  place: { invitationToken: string } | { organisationName: string },
) =>
  post<unknown>(
    '/sign-up/email',
    person,
    'invitationToken' in place
      ? { 'x-parapet-invitation': place.invitationToken }
      : { 'x-parapet-organisation-name': encodeURIComponent(place.organisationName) },
  );

/** Goes to the company's identity provider, which sends the browser back to `next`. */
export async function signInByProvider(next: string): Promise<void> {
  const { url } = await post<{ url: string }>('/provider', { next });
  window.location.assign(url);
}

export const signOut = () => post<unknown>('/sign-out', {});

export const verifyTotp = (code: string, trustDevice: boolean) =>
  post<unknown>('/two-factor/verify-totp', { code, trustDevice });

export const verifyBackupCode = (code: string) => post<unknown>('/two-factor/verify-backup-code', { code });

/** Begins two-factor sign-in: the address an authenticator app takes, and codes for the day it is lost. */
export const enableTwoFactor = (password: string) =>
  post<{ totpURI: string; backupCodes: string[] }>('/two-factor/enable', { password });

export const disableTwoFactor = (password: string) => post<unknown>('/two-factor/disable', { password });

export const changePassword = (currentPassword: string, newPassword: string) =>
  post<unknown>('/change-password', { currentPassword, newPassword, revokeOtherSessions: true });

export const updateName = (name: string) => post<unknown>('/update-user', { name });
