import { defineConfig } from 'vitest/config';

// `*.test.ts` is the fast suite (verify); `*.slow.test.ts` needs the real base model or minutes (npm test).
export default defineConfig({
  test: {
    maxWorkers: 2,
    projects: [
      {
        test: {
          name: 'unit',
          include: ['{apps,packages,tooling}/**/*.test.ts'],
          exclude: ['**/node_modules/**', '**/*.slow.test.ts'],
          testTimeout: 30_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'slow',
          include: ['{apps,packages,e2e}/**/*.slow.test.ts'],
          exclude: ['**/node_modules/**'],
          testTimeout: 600_000,
          hookTimeout: 600_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
