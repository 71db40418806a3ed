import { expect, test } from '@playwright/test';
import { signUp } from '../platform/customer.ts';
import { runningPlatform } from '../platform/running-platform.ts';
import { signIn } from '../platform/sign-in.ts';
import { problemsOf } from './axe.ts';
import { accountPages } from './pages.ts';

/** No page may break a rule that axe knows, in either theme. */
const open = ['/sign-in', '/sign-up'];
const customer = ['/', '/datasets', '/fine-tuning', '/fine-tuning/new', '/adapters', ...accountPages];
const admin = ['tenants', 'plans', 'fleet', 'jobs', 'base-models', 'usage', 'ledger', 'audit', 'health'].map(
  (name) => `/admin/${name}`,
);

for (const colorScheme of ['light', 'dark'] as const) {
  test(`axe finds nothing in the ${colorScheme} theme`, async ({ browser }) => {
    const { portalUrl, admin: adminSignIn } = await runningPlatform();
    const person = await signUp('axe');
    const pages = async (paths: string[], who: { email: string; password: string } | null) => {
      const context = await browser.newContext({ baseURL: portalUrl, colorScheme });
      const page = await context.newPage();
      if (who) await signIn(page, who.email, who.password);
      const problems: string[] = [];
      for (const path of paths) problems.push(...(await problemsOf(page, path)));
      await context.close();
      return problems;
    };
    expect(await pages(open, null)).toEqual([]);
    expect(await pages(customer, person)).toEqual([]);
    expect(await pages(admin, adminSignIn)).toEqual([]);
  });
}
