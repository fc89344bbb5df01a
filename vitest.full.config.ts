import { defineConfig } from 'vitest/config'

/** What takes too long for every run: `npm run test:full`, before a release. */
export default defineConfig({
  test: {
    include: ['test/full/**/*.test.ts'],
    globalSetup: 'test/fixtures/compiled-relay.ts',
    passWithNoTests: true,
    testTimeout: 600_000,
    hookTimeout: 120_000,
    pool: 'forks',
    maxWorkers: 1,
  },
})
