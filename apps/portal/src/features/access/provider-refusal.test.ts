import { expect, it } from 'vitest';
import { access } from '#text/en/access.ts';
import { providerRefusal } from './provider-refusal.ts';

it('has words of its own for every code, whatever stands in the address', () => {
  expect(providerRefusal('email_not_verified')).toBe(access.providerRefusals.email_not_verified);
  expect(providerRefusal('access_denied')).toBe(access.providerCancelled);
  for (const code of ['invalid_code', 'constructor', 'Call this number']) {
    expect(providerRefusal(code)).toBe(access.providerFailed);
  }
});
