import { access } from '#text/en/access.ts';

/** What to tell someone whom the sign-in by the identity provider brought back with this code. */
export function providerRefusal(code: string): string {
  const known: Record<string, string> = access.providerRefusals;
  if (Object.hasOwn(known, code)) return known[code] ?? access.providerFailed;
  return code === 'access_denied' ? access.providerCancelled : access.providerFailed;
}
