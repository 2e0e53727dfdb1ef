import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    testTimeout: 60_000,
    // With an empty cache the first start builds nats-server.
    hookTimeout: 600_000,
  },
})
