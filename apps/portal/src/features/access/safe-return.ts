/** Where to go after signing in: a path of this portal, never another site. */
export function safeReturn(next: string | null | undefined): string {
  return next?.startsWith('/') && !next.startsWith('//') && !next.startsWith('/\\') ? next : '/';
}
