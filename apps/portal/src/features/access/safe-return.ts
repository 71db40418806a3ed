/** Where to go after signing in: a path of this portal, never another site. */
export function safeReturn(next: string | null | undefined): string {
  return next?.startsWith('/') && !next.startsWith('//') && !next.startsWith('/\\') ? next : '/';
}

/** Whether someone is on their way to an invitation that they were given. */
export const isInvitation = (next: string | null | undefined): boolean => /^\/invitation\/[^/?]+/.test(next ?? '');
