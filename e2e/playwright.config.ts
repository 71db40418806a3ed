import { defineConfig } from '@playwright/test';

/** Journeys in a real browser and with the official client, against one running platform with the real model. */
export default defineConfig({
  testDir: './journeys',
  globalSetup: './platform/global-setup.ts',
  outputDir: '../test-results',
  workers: 1,
  retries: 0,
  // A training job of a few dozen rows is part of a journey, and the machine may be busy.
  timeout: 600_000,
  expect: { timeout: 30_000 },
  reporter: [['list']],
  use: {
    browserName: 'chromium',
    trace: 'retain-on-failure',
    screenshot: 'only-on-failure',
    launchOptions: {
      executablePath: process.env.PARAPET_CHROMIUM ?? '/usr/bin/chromium',
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
      ],
    },
  },
});
