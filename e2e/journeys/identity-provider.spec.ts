import { expect, test } from '@playwright/test';
import { companyPerson, runningPlatform } from '../platform/running-platform.ts';

test('someone comes in by the company’s identity provider, leaves and comes back', async ({ page }) => {
  const { portalUrl } = await runningPlatform();
  await page.goto(`${portalUrl}/keys`);
  await expect(page).toHaveURL(/\/sign-in\?next=/);
  const button = page.getByRole('button', { name: 'Continue with Acme' });
  await button.click();
  await expect(page).toHaveURL(`${portalUrl}/keys`);
  await page.goto(`${portalUrl}/settings?tab=security`);
  await expect(page.getByText('Two-factor').first()).toBeVisible();
  await expect(page.getByLabel('Current password')).toHaveCount(0);

  await page.context().clearCookies();
  await page.goto(`${portalUrl}/sign-in`);
  await button.click();
  await page.waitForURL((url) => url.pathname === '/');
  await page.goto(`${portalUrl}/team`);
  await expect(page.getByText(companyPerson.email).first()).toBeVisible();
});

test('a refusal is told in words, and none of the address’s own', async ({ page }) => {
  const { portalUrl } = await runningPlatform();
  await page.goto(`${portalUrl}/sign-in?error=email_not_verified`);
  await expect(page.getByRole('alert').first()).toContainText('does not vouch for your e-mail address');
  await page.goto(`${portalUrl}/sign-in?error=call%20this%20number`);
  await expect(page.getByText('call this number')).toHaveCount(0);
});
