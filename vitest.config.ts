import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['**/node_modules/**', 'test/full/**'],
    globalSetup: 'test/fixtures/compiled-relay.ts',
    testTimeout: 30_000,
    hookTimeout: 30_000,
    pool: 'forks',
    maxWorkers: 2,
    // Bounds on real processes can be missed once on a machine that is busy with something else; twice is a finding.
    retry: process.env.CI ? 1 : 0,
  },
})
