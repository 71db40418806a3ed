import type { Page } from '@playwright/test';

/** Every page of the portal, with how to find the ids that its address needs. */
export type PageSpec = {
  name: string;
  /** `{…}` stands for the first link on `from` whose address begins with what is inside; `{…*}` for the ids of the first three. */
  path: string;
  from?: string;
  area: 'public' | 'customer' | 'admin';
  /** What is done on the page before its picture is taken. */
  act?: (page: Page) => Promise<void>;
};

const prompt = 'Is this mail spam or ham? Answer with one word.\n\nSubject: You have won a free holiday, claim it now';

async function ask(page: Page): Promise<void> {
  await page.getByLabel('Prompt', { exact: true }).fill(prompt);
  await page.getByText('Show token probabilities').click();
  await page.getByRole('button', { name: 'Run' }).click();
  await page
    .getByText(/ in, \d+ out/)
    .first()
    .waitFor({ timeout: 60_000 });
  await page.locator('main [aria-busy="true"]').first().waitFor({ state: 'detached', timeout: 60_000 });
}

async function showVectors(page: Page): Promise<void> {
  const field = page.getByLabel('Prompt', { exact: true });
  if ((await field.count()) === 0) return; // not a PARA adapter
  await field.fill(prompt);
  await page.getByRole('button', { name: 'Show', exact: true }).click();
  await page.getByRole('table').waitFor({ timeout: 60_000 });
}

async function chooseSettings(page: Page): Promise<void> {
  await page.getByLabel('Training dataset').selectOption({ index: 1 });
  await page.locator('summary', { hasText: 'Advanced settings' }).click();
  await page.getByLabel('Method', { exact: true }).selectOption('para');
  await page.getByText('Steps', { exact: true }).waitFor();
}

function opening(name: string) {
  return async (page: Page): Promise<void> => {
    await page.getByRole('button', { name }).first().click();
    await page.getByRole('dialog').waitFor();
  };
}

export const pages: readonly PageSpec[] = [
  { name: 'sign-in', path: '/sign-in', area: 'public' },
  { name: 'sign-up', path: '/sign-up', area: 'public' },
  { name: 'two-factor', path: '/two-factor', area: 'public' },
  { name: 'start', path: '/', area: 'customer' },
  { name: 'datasets', path: '/datasets', area: 'customer' },
  { name: 'dataset-rows', from: '/datasets', path: '{/datasets/}', area: 'customer' },
  { name: 'dataset-tokens', from: '/datasets', path: '{/datasets/}?tab=tokens', area: 'customer' },
  { name: 'dataset-problems', from: '/datasets', path: '{/datasets/}?tab=problems', area: 'customer' },
  { name: 'fine-tuning', path: '/fine-tuning', area: 'customer' },
  { name: 'fine-tuning-new', path: '/fine-tuning/new', area: 'customer' },
  { name: 'fine-tuning-settings', path: '/fine-tuning/new', area: 'customer', act: chooseSettings },
  { name: 'job-curve', from: '/fine-tuning', path: '{/fine-tuning/ftjob}', area: 'customer' },
  { name: 'job-samples', from: '/fine-tuning', path: '{/fine-tuning/ftjob}?tab=samples', area: 'customer' },
  { name: 'job-events', from: '/fine-tuning', path: '{/fine-tuning/ftjob}?tab=events', area: 'customer' },
  { name: 'job-checkpoints', from: '/fine-tuning', path: '{/fine-tuning/ftjob}?tab=checkpoints', area: 'customer' },
  { name: 'job-recipe', from: '/fine-tuning', path: '{/fine-tuning/ftjob}?tab=recipe', area: 'customer' },
  { name: 'compare', from: '/fine-tuning', path: '/fine-tuning/compare?jobs={/fine-tuning/ftjob*}', area: 'customer' },
  { name: 'compare-nothing', path: '/fine-tuning/compare', area: 'customer' },
  { name: 'adapters', path: '/adapters', area: 'customer' },
  { name: 'adapter-versions', from: '/adapters', path: '{/adapters/}', area: 'customer' },
  { name: 'adapter-lineage', from: '/adapters', path: '{/adapters/}?tab=lineage', area: 'customer' },
  { name: 'adapter-evaluation', from: '/adapters', path: '{/adapters/}?tab=evaluation', area: 'customer' },
  { name: 'adapter-vectors', from: '/adapters', path: '{/adapters/}?tab=vectors', area: 'customer', act: showVectors },
  { name: 'playground', path: '/playground', area: 'customer' },
  { name: 'playground-answers', path: '/playground', area: 'customer', act: ask },
  { name: 'playground-code', path: '/playground', area: 'customer', act: opening('View code') },
  { name: 'keys', path: '/keys', area: 'customer' },
  { name: 'keys-create', path: '/keys', area: 'customer', act: opening('Create key') },
  { name: 'usage', path: '/usage', area: 'customer' },
  { name: 'statements', path: '/statements', area: 'customer' },
  { name: 'statement', from: '/statements', path: '{/statements/}', area: 'customer' },
  { name: 'team', path: '/team', area: 'customer' },
  { name: 'team-invitations', path: '/team?tab=invitations', area: 'customer' },
  { name: 'team-accounts', path: '/team?tab=accounts', area: 'customer' },
  { name: 'audit', path: '/audit', area: 'customer' },
  { name: 'webhooks', path: '/webhooks', area: 'customer' },
  { name: 'webhook', from: '/webhooks', path: '{/webhooks/}', area: 'customer' },
  { name: 'settings', path: '/settings', area: 'customer' },
  { name: 'settings-security', path: '/settings?tab=security', area: 'customer' },
  { name: 'admin-tenants', path: '/admin/tenants', area: 'admin' },
  { name: 'admin-tenant', from: '/admin/tenants', path: '{/admin/tenants/}', area: 'admin' },
  { name: 'admin-plans', path: '/admin/plans', area: 'admin' },
  { name: 'admin-base-models', path: '/admin/base-models', area: 'admin' },
  { name: 'admin-fleet', path: '/admin/fleet', area: 'admin' },
  { name: 'admin-jobs', path: '/admin/jobs', area: 'admin' },
  { name: 'admin-health', path: '/admin/health', area: 'admin' },
  { name: 'admin-audit', path: '/admin/audit', area: 'admin' },
  { name: 'admin-usage', path: '/admin/usage', area: 'admin' },
  { name: 'admin-ledger', path: '/admin/ledger', area: 'admin' },
];
